/** IP addresses and networks, and lists of them. */
import net from 'node:net';

const MAPPED = '::ffff:';
const V4_BITS = 32;
const V6_BITS = 128;
/** Bits of an IPv6 address ahead of an IPv4 one that is written as such (RFC 4291, section 2.5.5.2). */
const MAPPED_BITS = 96;

/** An address in the one way of writing it: IPv4 without the head that sockets for both versions give it, IPv6 as RFC 5952 has it. */
export function plainAddress(address = ''): string {
  const bare = address.replace(/%.*$/, ''); // an interface's zone says nothing of who it is
  if (net.isIPv4(bare)) return bare;
  if (!net.isIPv6(bare)) return address;
  const written = new net.SocketAddress({ address: bare, family: 'ipv6' }).address;
  const mapped = written.startsWith(MAPPED) ? written.slice(MAPPED.length) : '';
  return net.isIPv4(mapped) ? mapped : written;
}

/** What counts as one source of attempts: an IPv4 address, or the 64 bits of an IPv6 one that one customer has all of. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  if (!net.isIPv6(plain)) return plain;
  return groupsOf(plain)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}

/**
 * An entry of an address list in the one way of writing it: an address, or a network as ADDRESS/BITS with nothing set behind its bits.
 * Undefined: it is none.
 */
export function plainEntry(entry: string): string | undefined {
  const [address, length, ...more] = entry.split('/');
  if (more.length > 0 || address.includes('%') || net.isIP(address) === 0) return undefined;
  const plain = plainAddress(address);
  if (length === undefined) return plain;
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const isMapped = net.isIPv6(address) && net.isIPv4(plain);
  const bits = Number(length) - (isMapped ? MAPPED_BITS : 0);
  const most = net.isIPv4(plain) ? V4_BITS : V6_BITS;
  if (bits < 0 || bits > most || hasBitsBehind(plain, bits)) return undefined;
  return bits === most ? plain : `${plain}/${bits}`;
}

/** Entries of {@link plainEntry}, to ask whether an address is among them. */
export class AddressList {
  readonly entries: readonly string[];
  readonly #list = new net.BlockList();

  constructor(entries: readonly string[]) {
    this.entries = entries;
    for (const entry of entries) {
      const [address, bits] = entry.split('/');
      const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = net.isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}

function hasBitsBehind(address: string, bits: number): boolean {
  const width = net.isIPv4(address) ? 8 : 16;
  const numbers = net.isIPv4(address) ? address.split('.').map(Number) : groupsOf(address);
  return numbers.some((number, i) => {
    const behind = Math.min(width, Math.max(0, (i + 1) * width - bits));
    return (number & ((1 << behind) - 1)) !== 0;
  });
}

/** The eight groups of a plain IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text =
    dotted === null
      ? address
      : address.replace(dotted[0], `${(+dotted[1] * 256 + +dotted[2]).toString(16)}:${(+dotted[3] * 256 + +dotted[4]).toString(16)}`);
  const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))));
  if (tail === undefined) return head;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
