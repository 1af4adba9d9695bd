/** Captures of packets, as tcpdump and Wireshark write them. */
import { LINK, UDP_FRAME_HEAD, writeUdpFrame } from './packet.ts';
import { type ByteSource, SourceWindow } from './source.ts';

/** What is wrong with a capture, and where. */
export class CaptureError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

const PCAP_MICRO = 0xa1b2c3d4;
const PCAP_NANO = 0xa1b23c4d;
const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const OPTION_RESOLUTION = 9;
/** Longest block that is read; longer ones are an error, not memory. */
const MOST_BYTES = 1 << 20;

interface CaptureInterface {
  linkType: number;
  /** units of its stamps a second */
  perSecond: number;
}

/**
 * Reads captures one packet after the other: pcap (micro- and nanoseconds, both byte orders) and pcapng (sections, interfaces with a
 * resolution of their own, enhanced, simple and obsolete packet blocks). `while (reader.next())` look at `view`, `at`, `bytes`,
 * `seconds` and `nanoseconds`. A capture that ends in the middle of a packet ends before it, and `isCut` says so.
 */
export class CaptureReader {
  readonly view: DataView;
  /** the packet as captured */
  at = 0;
  bytes = 0;
  /** bytes it had on the line */
  originalBytes = 0;
  linkType = 0;
  /** since 1970; a simple packet block has no time: 0 */
  seconds = 0;
  nanoseconds = 0;
  isCut = false;
  readonly #window: SourceWindow;
  #little = true;
  #isNg = false;
  #perUnit = 1;
  #interfaces: CaptureInterface[] = [];

  /** Throws CaptureError when it is no capture. */
  constructor(source: ByteSource) {
    this.#window = new SourceWindow(source, 2 * MOST_BYTES);
    this.view = this.#window.view;
    if (!this.#window.need(24)) throw new CaptureError('no capture: too short', 0);
    const magic = this.view.getUint32(0, true);
    const swapped = this.view.getUint32(0);
    if (magic === SECTION) {
      this.#isNg = true;
      return;
    }
    this.#little = magic === PCAP_MICRO || magic === PCAP_NANO;
    const kind = this.#little ? magic : swapped;
    if (kind !== PCAP_MICRO && kind !== PCAP_NANO) throw new CaptureError('no capture: unknown magic number', 0);
    this.#perUnit = kind === PCAP_MICRO ? 1000 : 1;
    this.linkType = this.view.getUint32(20, this.#little) & 0xffff;
    this.#window.skip(24);
  }

  /** Moves to the next packet. Throws CaptureError for what no capture has; the reader is of no use after that. */
  next(): boolean {
    return this.#isNg ? this.#nextBlock() : this.#nextRecord();
  }

  #nextRecord(): boolean {
    if (!this.#window.need(16)) return this.#finish();
    const { view } = this;
    const at = this.#window.at;
    const bytes = view.getUint32(at + 8, this.#little);
    if (bytes > MOST_BYTES - 16) throw new CaptureError(`a packet of ${bytes} bytes`, this.#window.offset);
    if (!this.#window.need(16 + bytes)) return this.#finish();
    const head = this.#window.at;
    this.seconds = view.getUint32(head, this.#little);
    this.nanoseconds = view.getUint32(head + 4, this.#little) * this.#perUnit;
    this.originalBytes = view.getUint32(head + 12, this.#little);
    this.#show(head + 16, bytes);
    this.#window.skip(16 + bytes);
    return true;
  }

  #nextBlock(): boolean {
    for (;;) {
      if (!this.#window.need(12)) return this.#finish();
      const isSection = this.view.getUint32(this.#window.at, true) === SECTION;
      if (isSection) this.#openSection();
      const type = isSection ? SECTION : this.view.getUint32(this.#window.at, this.#little);
      const length = this.view.getUint32(this.#window.at + 4, this.#little);
      if (length < 12 || length % 4 !== 0 || length > MOST_BYTES) throw new CaptureError(`a block of ${length} bytes`, this.#window.offset);
      if (!this.#window.need(length)) return this.#finish();
      const at = this.#window.at;
      const isPacket = this.#takeBlock(type, at + 8, length - 12);
      this.#window.skip(length);
      if (isPacket) return true;
    }
  }

  #openSection(): void {
    const order = this.view.getUint32(this.#window.at + 8, true);
    if (order !== BYTE_ORDER && this.view.getUint32(this.#window.at + 8) !== BYTE_ORDER)
      throw new CaptureError('a section of unknown byte order', this.#window.offset);
    this.#little = order === BYTE_ORDER;
    this.#interfaces = [];
  }

  /** Returns whether the block holds a packet. */
  #takeBlock(type: number, at: number, bytes: number): boolean {
    switch (type) {
      case INTERFACE:
        this.#addInterface(at, bytes);
        return false;
      case ENHANCED_PACKET:
      case OBSOLETE_PACKET: {
        if (bytes < 20) throw new CaptureError('a packet block without its head', this.#window.offset);
        const number = type === ENHANCED_PACKET ? this.#u32(at) : this.view.getUint16(at, this.#little);
        return this.#takePacket(number, this.#u32(at + 4), this.#u32(at + 8), at + 20, this.#u32(at + 12), bytes - 20, this.#u32(at + 16));
      }
      case SIMPLE_PACKET: {
        if (bytes < 4) throw new CaptureError('a packet block without its head', this.#window.offset);
        const original = this.#u32(at);
        return this.#takePacket(0, 0, 0, at + 4, Math.min(original, bytes - 4), bytes - 4, original);
      }
      default:
        return false;
    }
  }

  #takePacket(number: number, high: number, low: number, at: number, bytes: number, room: number, original: number): boolean {
    const from = this.#interfaces[number];
    if (from === undefined) throw new CaptureError(`a packet of interface ${number}, which was not described`, this.#window.offset);
    if (bytes > room) throw new CaptureError(`a packet of ${bytes} bytes in a block with room for ${room}`, this.#window.offset);
    const units = (BigInt(high) << 32n) | BigInt(low);
    const perSecond = BigInt(from.perSecond);
    this.seconds = Number(units / perSecond);
    this.nanoseconds = Number(((units % perSecond) * 1_000_000_000n) / perSecond);
    this.linkType = from.linkType;
    this.originalBytes = original;
    this.#show(at, bytes);
    return true;
  }

  #addInterface(at: number, bytes: number): void {
    if (bytes < 8) throw new CaptureError('an interface block without its head', this.#window.offset);
    const found: CaptureInterface = { linkType: this.view.getUint16(at, this.#little), perSecond: 1e6 };
    for (let option = at + 8; option + 4 <= at + bytes; ) {
      const code = this.view.getUint16(option, this.#little);
      const length = this.view.getUint16(option + 2, this.#little);
      if (code === 0 || option + 4 + length > at + bytes) break;
      if (code === OPTION_RESOLUTION && length === 1) found.perSecond = resolution(this.view.getUint8(option + 4));
      option += 4 + Math.ceil(length / 4) * 4;
    }
    this.#interfaces.push(found);
  }

  #u32(at: number): number {
    return this.view.getUint32(at, this.#little);
  }

  #show(at: number, bytes: number): void {
    this.at = at;
    this.bytes = bytes;
  }

  #finish(): false {
    this.isCut = this.#window.hasRest;
    return false;
  }
}

/** Units a second from an if_tsresol option: a power of ten, or of two where the highest bit is set. At most 2^53. */
function resolution(code: number): number {
  const exponent = code & 0x7f;
  if ((code & 0x80) === 0) return 10 ** Math.min(exponent, 15);
  return 2 ** Math.min(exponent, 53);
}

/** Bytes that a capture begins with: nanoseconds, little-endian, Ethernet. */
export function pcapHead(): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, PCAP_NANO, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 65535, true);
  view.setUint32(20, LINK.ETHERNET, true);
  return new Uint8Array(view.buffer);
}

/** Bytes that one datagram takes in a capture. */
export function pcapRecordBytes(payloadBytes: number): number {
  return 16 + UDP_FRAME_HEAD + payloadBytes;
}

/** Writes a datagram's record; the payload's bytes are left to the caller. Returns where they go. */
export function writePcapRecord(
  view: DataView,
  at: number,
  time: { seconds: number; nanoseconds: number },
  from: { address: number; port: number },
  to: { address: number; port: number },
  payloadBytes: number,
): number {
  const bytes = UDP_FRAME_HEAD + payloadBytes;
  view.setUint32(at, time.seconds, true);
  view.setUint32(at + 4, time.nanoseconds, true);
  view.setUint32(at + 8, bytes, true);
  view.setUint32(at + 12, bytes, true);
  writeUdpFrame(view, at + 16, from, to, payloadBytes);
  return at + 16 + UDP_FRAME_HEAD;
}
