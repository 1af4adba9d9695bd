/** Files of market data as the `feed` commands write them: captures and messages behind their lengths. */
import fs from 'node:fs';
import { viewOf } from '@outcry/wire/layout';
import { MoldPacker } from '@outcry/wire/mold';
import { ipv4 } from '@outcry/wire/packet';
import { pcapHead, pcapRecordBytes, writePcapRecord } from '@outcry/wire/pcap';
import type { Line } from './line.ts';

const BUFFER_BYTES = 1 << 20;

interface Address {
  address: number;
  port: number;
}

/** Takes messages one after the other. */
interface MessageOutput {
  /** @param nanoseconds since midnight */
  add(view: DataView, at: number, bytes: number, nanoseconds: number): void;
  close(): void;
}

/** A capture when the name ends in .pcap, else messages behind their lengths, as Nasdaq publishes days. */
export function isCaptureName(file: string): boolean {
  return file.endsWith('.pcap');
}

/** A new file that is written in large pieces. Throws when the file is there. */
class Output {
  /** datagrams, or messages */
  written = 0;
  protected readonly bytes = new Uint8Array(BUFFER_BYTES);
  protected readonly view = viewOf(this.bytes);
  readonly #fd: number;
  #filled = 0;

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'wx');
  }

  /** Where the next so many bytes go. */
  protected claim(bytes: number): number {
    if (this.#filled + bytes > this.bytes.length) this.flush();
    const at = this.#filled;
    this.#filled += bytes;
    return at;
  }

  flush(): void {
    for (let at = 0; at < this.#filled; ) at += fs.writeSync(this.#fd, this.bytes, at, this.#filled - at);
    this.#filled = 0;
  }

  close(): void {
    this.flush();
    fs.closeSync(this.#fd);
  }
}

/** Datagrams in a new pcap file, stamped in nanoseconds. */
export class PcapFile extends Output {
  constructor(file: string) {
    super(file);
    const head = pcapHead();
    this.bytes.set(head, this.claim(head.length));
  }

  add(time: { seconds: number; nanoseconds: number }, from: Address, to: Address, payload: Uint8Array): void {
    const at = this.claim(pcapRecordBytes(payload.length));
    this.bytes.set(payload, writePcapRecord(this.view, at, time, from, to, payload.length));
    this.written++;
  }
}

/** Messages behind their lengths (BinaryFILE), in a new file. */
export class MessageFile extends Output implements MessageOutput {
  add(view: DataView, at: number, bytes: number): void {
    const to = this.claim(2 + bytes);
    this.view.setUint16(to, bytes);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes), to + 2);
    this.written++;
  }
}

/** Packs messages into datagrams of a session, and these into a capture. A datagram holds messages of one moment. */
export class CaptureOfMessages implements MessageOutput {
  written = 0;
  readonly #file: PcapFile;
  readonly #packer: MoldPacker;
  readonly #to: Address;
  #next = 1;
  #time = 0;

  constructor(file: string, session: string, to: Line) {
    this.#file = new PcapFile(file);
    this.#packer = new MoldPacker(session);
    this.#to = { address: ipv4(to.group), port: to.port };
  }

  add(view: DataView, at: number, bytes: number, nanoseconds: number): void {
    if (nanoseconds !== this.#time) this.#send();
    this.#time = nanoseconds;
    let to = this.#packer.claim(bytes);
    if (to < 0) {
      this.#send();
      to = this.#packer.claim(bytes);
    }
    this.#packer.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes), to);
    this.written++;
  }

  close(): void {
    this.#send();
    this.#file.close();
  }

  #send(): void {
    const { count } = this.#packer;
    if (count === 0) return;
    const length = this.#packer.seal(this.#next);
    const time = { seconds: Math.floor(this.#time / 1e9), nanoseconds: this.#time % 1e9 };
    this.#file.add(time, { address: ipv4('10.0.0.1'), port: 40_000 }, this.#to, this.#packer.bytes.subarray(0, length));
    this.#next += count;
    this.#packer.clear();
  }
}
