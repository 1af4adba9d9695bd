/** UDP packets in captures, and captures' packets made of datagrams. */

/** Link types of captures that are understood (tcpdump.org's LINKTYPE_ values). */
export const LINK = { NULL: 0, ETHERNET: 1, RAW: 101, LINUX_SLL: 113, IPV4: 228, IPV6: 229, LINUX_SLL2: 276 } as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad, and QinQ as it was before the standard. */
const VLAN = new Set([0x8100, 0x88a8, 0x9100]);
const UDP = 17;
/** IPv6 extension heads that can be stepped over: hop-by-hop, routing, destination options. */
const EXTENSIONS = new Set([0, 43, 60]);
const MOST_EXTENSIONS = 8;

/** Why a packet holds no UDP payload that can be read. */
export type NotUdp = 'truncated' | 'link' | 'not_ip' | 'not_udp' | 'fragment';

/**
 * Finds the UDP payload of a captured packet: Ethernet with VLAN tags, Linux's cooked captures, loopback or bare IP; IPv4 with options,
 * IPv6 with extension heads. Reads nothing outside the packet, and allocates nothing. Checksums are not looked at: a capture on the
 * sending machine has them unfinished.
 */
export class UdpPacket {
  sourcePort = 0;
  port = 0;
  /** VLAN of the outermost tag, 0: none */
  vlan = 0;
  isIpv6 = false;
  /** offset and bytes of the payload */
  at = 0;
  bytes = 0;
  #view!: DataView;
  #source = 0;
  #destination = 0;

  /** @param at @param bytes the packet as captured. Returns undefined when its payload was found. */
  decode(view: DataView, at: number, bytes: number, linkType: number): NotUdp | undefined {
    this.#view = view;
    this.vlan = 0;
    const end = at + bytes;
    switch (linkType) {
      case LINK.ETHERNET:
        return this.#ethernet(at + 12, end);
      case LINK.LINUX_SLL:
        return this.#byEtherType(at + 14, end);
      case LINK.LINUX_SLL2:
        if (bytes < 20) return 'truncated';
        return this.#ip(view.getUint16(at), at + 20, end);
      case LINK.NULL:
        return this.#bare(at + 4, end);
      case LINK.RAW:
      case LINK.IPV4:
      case LINK.IPV6:
        return this.#bare(at, end);
      default:
        return 'link';
    }
  }

  /** The group, or machine, that the packet was sent to, as text. */
  get destination(): string {
    return this.#address(this.#destination);
  }
  get source(): string {
    return this.#address(this.#source);
  }

  /** An IPv4 destination as a number, for filters; 0 for IPv6. */
  get group(): number {
    return this.isIpv6 ? 0 : this.#view.getUint32(this.#destination);
  }

  #ethernet(at: number, end: number): NotUdp | undefined {
    let next = at;
    for (let tags = 0; tags < 4; tags++) {
      if (next + 2 > end) return 'truncated';
      if (!VLAN.has(this.#view.getUint16(next))) return this.#byEtherType(next, end);
      if (next + 4 > end) return 'truncated';
      if (tags === 0) this.vlan = this.#view.getUint16(next + 2) & 0xfff;
      next += 4;
    }
    return 'link';
  }

  #byEtherType(at: number, end: number): NotUdp | undefined {
    return at + 2 > end ? 'truncated' : this.#ip(this.#view.getUint16(at), at + 2, end);
  }

  #bare(at: number, end: number): NotUdp | undefined {
    if (at >= end) return 'truncated';
    const version = this.#view.getUint8(at) >> 4;
    return this.#ip(version === 4 ? ETHERTYPE_IPV4 : version === 6 ? ETHERTYPE_IPV6 : 0, at, end);
  }

  #ip(etherType: number, at: number, end: number): NotUdp | undefined {
    if (etherType === ETHERTYPE_IPV4) return this.#ipv4(at, end);
    return etherType === ETHERTYPE_IPV6 ? this.#ipv6(at, end) : 'not_ip';
  }

  #ipv4(at: number, end: number): NotUdp | undefined {
    const view = this.#view;
    if (at + 20 > end) return 'truncated';
    const head = (view.getUint8(at) & 0xf) * 4;
    const total = view.getUint16(at + 2);
    if (view.getUint8(at) >> 4 !== 4 || head < 20 || total < head) return 'not_ip';
    if (at + total > end) return 'truncated';
    if ((view.getUint16(at + 6) & 0x3fff) !== 0) return 'fragment';
    if (view.getUint8(at + 9) !== UDP) return 'not_udp';
    this.isIpv6 = false;
    this.#source = at + 12;
    this.#destination = at + 16;
    return this.#udp(at + head, at + total);
  }

  #ipv6(at: number, end: number): NotUdp | undefined {
    const view = this.#view;
    if (at + 40 > end) return 'truncated';
    if (view.getUint8(at) >> 4 !== 6) return 'not_ip';
    const total = 40 + view.getUint16(at + 4);
    if (at + total > end) return 'truncated';
    this.isIpv6 = true;
    this.#source = at + 8;
    this.#destination = at + 24;
    let protocol = view.getUint8(at + 6);
    let next = at + 40;
    for (let i = 0; EXTENSIONS.has(protocol); i++) {
      if (i === MOST_EXTENSIONS || next + 8 > at + total) return 'truncated';
      protocol = view.getUint8(next);
      next += 8 + view.getUint8(next + 1) * 8;
    }
    if (protocol === 44) return 'fragment';
    return protocol === UDP ? this.#udp(next, at + total) : 'not_udp';
  }

  #udp(at: number, end: number): NotUdp | undefined {
    if (at + 8 > end) return 'truncated';
    const length = this.#view.getUint16(at + 4);
    if (length < 8 || at + length > end) return 'truncated';
    this.sourcePort = this.#view.getUint16(at);
    this.port = this.#view.getUint16(at + 2);
    this.at = at + 8;
    this.bytes = length - 8;
    return undefined;
  }

  #address(at: number): string {
    const view = this.#view;
    if (!this.isIpv6) return [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join('.');
    const words = Array.from({ length: 8 }, (_, i) => view.getUint16(at + i * 2).toString(16));
    return words.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
  }
}

/** Bytes of Ethernet, IPv4 and UDP heads. */
export const UDP_FRAME_HEAD = 14 + 20 + 8;

/** An IPv4 address as a number. Throws RangeError for what is none. */
export function ipv4(text: string): number {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255 || Number.isNaN(part)))
    throw new RangeError(`'${text}' is no IPv4 address`);
  return ((parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]) >>> 0;
}

/** Writes the heads of an Ethernet frame with a UDP datagram, so that a payload can be written to a capture. IPv4's checksum is right, UDP's is left out (0). */
export function writeUdpFrame(
  view: DataView,
  at: number,
  from: { address: number; port: number },
  to: { address: number; port: number },
  payloadBytes: number,
): void {
  for (let i = 0; i < UDP_FRAME_HEAD; i++) view.setUint8(at + i, 0);
  // Multicast MAC of the group (RFC 1112, 6.4); the sender's is made up.
  view.setUint16(at, 0x0100);
  view.setUint32(at + 2, 0x5e000000 | (to.address & 0x7fffff));
  view.setUint16(at + 6, 0x0200);
  view.setUint16(at + 12, ETHERTYPE_IPV4);
  const ip = at + 14;
  view.setUint16(ip, 0x4500);
  view.setUint16(ip + 2, 28 + payloadBytes);
  view.setUint16(ip + 8, (16 << 8) | UDP);
  view.setUint32(ip + 12, from.address);
  view.setUint32(ip + 16, to.address);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(ip + i);
  sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
  view.setUint16(ip + 20, from.port);
  view.setUint16(ip + 22, to.port);
  view.setUint16(ip + 24, 8 + payloadBytes);
}
