import dgram from 'node:dgram';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ItchBook } from '@outcry/feed/itch-book';
import { LineArbiter } from '@outcry/feed/line-arbiter';
import { Histogram } from '@outcry/telemetry/histogram';
import { FeedFilter } from '@outcry/wire/filter';
import { itch } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { MoldPacker, MoldReader } from '@outcry/wire/mold';
import { ipv4, UdpPacket } from '@outcry/wire/packet';
import { type ByteSource, CaptureReader, pcapHead, pcapRecordBytes, writePcapRecord } from '@outcry/wire/pcap';
import { Command, InvalidArgumentError } from 'commander';
import { between } from './options.ts';
import { printTable, progressBar } from './output.ts';

interface Line {
  group: string;
  port: number;
}

function line(text: string, before: Line[] = []): Line[] {
  const match = /^([\d.]+):(\d{1,5})$/.exec(text);
  try {
    if (match !== null && ipv4(match[1]) > 0 && Number(match[2]) <= 65_535) return [...before, { group: match[1], port: Number(match[2]) }];
  } catch {
    // said below
  }
  throw new InvalidArgumentError('a line is GROUP:PORT, as 239.255.80.1:8090');
}

function speed(text: string): number {
  const value = Number(text);
  if (text === 'full') return Number.POSITIVE_INFINITY;
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 (1: as recorded, 10: ten times as fast), or full');
  return value;
}

export function feedCommand(): Command {
  const command = new Command('feed').description('Record, play, filter and look into ITCH feeds over MoldUDP64.');
  const filter = ['--filter <clauses>', 'as "port 8090 and symbol BTCUSDT and not type X,D": see docs/feed.md'] as const;
  command
    .command('record <file>')
    .description('Write what comes by multicast to a pcap file, until Ctrl-C.')
    .requiredOption('--line <group:port>', 'a line to join; may be given more than once', line)
    .option('--interface <address>', 'address of the interface', '127.0.0.1')
    .option('--seconds <n>', 'end after so long', between(1, 86_400))
    .option(...filter)
    .action(record);
  command
    .command('play <file>')
    .description('Send a capture by multicast again.')
    .option('--speed <factor>', '1: as recorded; 10: ten times as fast; full', speed, 1)
    .option('--line <group:port>', 'send everything there instead of where it was sent', line)
    .option('--interface <address>', 'address of the interface', '127.0.0.1')
    .option(...filter)
    .action(play);
  command
    .command('stats <file>')
    .description('Count what a capture holds: packets, messages, symbols, gaps, rates; build its books.')
    .option('--json', 'print JSON')
    .option(...filter)
    .action(stats);
  command
    .command('filter <from> <to>')
    .description('Copy the packets of a capture that hold a message wanted.')
    .requiredOption(...filter)
    .action(copyFiltered);
  return command;
}

/** Reads a file as it is wanted. */
function fileSource(file: string): ByteSource & { readonly bytes: number; readSoFar: number; close(): void } {
  const fd = fs.openSync(file, 'r');
  const source = {
    bytes: fs.fstatSync(fd).size,
    readSoFar: 0,
    read(into: Uint8Array, at: number, most: number) {
      const read = fs.readSync(fd, into, at, most, null);
      source.readSoFar += read;
      return read;
    },
    close: () => fs.closeSync(fd),
  };
  return source;
}

/** Walks the datagrams of a capture that a filter lets pass. */
async function eachDatagram(
  file: string,
  filter: FeedFilter,
  take: (reader: CaptureReader, packet: UdpPacket) => unknown,
  onOther: (why: string) => void = () => undefined,
): Promise<boolean> {
  const source = fileSource(file);
  const bar = progressBar(file, 100);
  try {
    const reader = new CaptureReader(source);
    const packet = new UdpPacket();
    for (let count = 0; reader.next(); count++) {
      const why = packet.decode(reader.view, reader.at, reader.bytes, reader.linkType);
      if (why !== undefined) onOther(why);
      else if (filter.packet(packet)) await take(reader, packet);
      if ((count & 0x3fff) === 0) bar.update(Math.round((source.readSoFar / source.bytes) * 100));
    }
    return reader.isCut;
  } finally {
    bar.stop();
    source.close();
  }
}

/** Whether a datagram holds a message wanted; heartbeats and the end of the session pass with their session. */
function isWanted(filter: FeedFilter, mold: MoldReader, view: DataView, at: number, bytes: number): boolean {
  if (mold.open(view, at, bytes) !== 0 || !filter.session(mold)) return false;
  if (mold.count === 0 || mold.isEndOfSession) return true;
  let isFound = false;
  while (mold.next()) {
    // All are looked at: the filter learns symbols from them.
    if (itch.check(mold.view, mold.at, mold.bytes) > 0 && filter.message(mold.view, mold.at)) isFound = true;
  }
  return isFound;
}

/** Appends datagrams to a pcap file. */
class PcapFile {
  written = 0;
  readonly #fd: number;
  #buffer = new Uint8Array(1 << 20);
  #view = viewOf(this.#buffer);
  #filled = 0;

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'wx');
    fs.writeSync(this.#fd, pcapHead());
  }

  add(time: { seconds: number; nanoseconds: number }, from: Address, to: Address, payload: Uint8Array): void {
    const bytes = pcapRecordBytes(payload.length);
    if (this.#filled + bytes > this.#buffer.length) this.flush();
    this.#buffer.set(payload, writePcapRecord(this.#view, this.#filled, time, from, to, payload.length));
    this.#filled += bytes;
    this.written++;
  }

  flush(): void {
    for (let at = 0; at < this.#filled; ) at += fs.writeSync(this.#fd, this.#buffer, at, this.#filled - at);
    this.#filled = 0;
  }

  close(): void {
    this.flush();
    fs.closeSync(this.#fd);
  }
}

interface Address {
  address: number;
  port: number;
}

async function record(file: string, options: { line: Line[]; interface: string; seconds?: number; filter?: string }): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const output = new PcapFile(file);
  const mold = new MoldReader();
  const sockets = options.line.map(({ group, port }) => {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('message', (payload, from) => {
      const now = performance.timeOrigin + performance.now();
      if (!isWanted(filter, mold, viewOf(payload), 0, payload.length)) return;
      const time = { seconds: Math.floor(now / 1000), nanoseconds: Math.floor((now % 1000) * 1e6) };
      output.add(time, { address: ipv4(from.address), port: from.port }, { address: ipv4(group), port }, payload);
    });
    socket.bind(port, group, () => {
      socket.addMembership(group, options.interface);
      socket.setRecvBufferSize(8 * 1024 * 1024);
    });
    return socket;
  });
  console.error(`recording ${options.line.map(({ group, port }) => `${group}:${port}`).join(' ')} to ${file}; Ctrl-C ends it`);
  const telling = setInterval(() => {
    output.flush();
    console.error(`${output.written} datagrams`);
  }, 5000);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    if (options.seconds !== undefined) setTimeout(resolve, options.seconds * 1000).unref(); // the sockets keep the process
  });
  clearInterval(telling);
  for (const socket of sockets) socket.close();
  output.close();
  console.log(`${output.written} datagrams`);
}

/** Milliseconds that a sender may run ahead before it waits. */
const AHEAD_MS = 1;
/** Datagrams sent at full speed before the system gets its turn. */
const BURST = 64;

async function play(file: string, options: { speed: number; line?: Line[]; interface: string; filter?: string }): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, options.interface, resolve));
  socket.setMulticastInterface(options.interface);
  socket.setMulticastLoopback(true);
  const mold = new MoldReader();
  let sent = 0;
  let first = Number.NaN;
  const started = performance.now();
  const cut = await eachDatagram(file, filter, async (reader, packet) => {
    if (!isWanted(filter, mold, reader.view, packet.at, packet.bytes)) return;
    const time = reader.seconds * 1000 + reader.nanoseconds / 1e6;
    if (Number.isNaN(first)) first = time;
    const wait = (time - first) / options.speed - (performance.now() - started);
    if (wait > AHEAD_MS) await sleep(wait);
    const payload = Buffer.from(Buffer.from(reader.view.buffer, packet.at, packet.bytes));
    const targets = options.line ?? [{ group: packet.destination, port: packet.port }];
    const isBurstOver = ++sent % BURST === 0;
    for (const { group, port } of targets) {
      const done = new Promise<void>((resolve) => socket.send(payload, port, group, () => resolve()));
      if (isBurstOver) await done;
    }
  });
  await new Promise<void>((resolve) => socket.send('', 9, options.interface, () => resolve())); // after all the others
  socket.close();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${sent} datagrams in ${seconds.toFixed(1)} s${cut ? '; the capture ends in the middle of a packet' : ''}`);
}

async function copyFiltered(from: string, to: string, options: { filter: string }): Promise<void> {
  const filter = new FeedFilter(options.filter);
  const output = new PcapFile(to);
  const mold = new MoldReader();
  await eachDatagram(from, filter, (reader, packet) => {
    if (!isWanted(filter, mold, reader.view, packet.at, packet.bytes)) return;
    const payload = new Uint8Array(reader.view.buffer as ArrayBuffer, packet.at, packet.bytes);
    output.add(
      { seconds: reader.seconds, nanoseconds: reader.nanoseconds },
      { address: ipv4(packet.source), port: packet.sourcePort },
      { address: ipv4(packet.destination), port: packet.port },
      payload,
    );
  });
  output.close();
  console.log(`${output.written} datagrams`);
}

async function stats(file: string, options: { json?: boolean; filter?: string }): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const types = new Map<string, number>();
  const lines = new Map<string, number>();
  const others = new Map<string, number>();
  const symbols = new Map<number, number>();
  const between = new Histogram();
  const book = new ItchBook();
  let end = 0;
  let first = Number.NaN;
  let last = 0;
  const arbiter = new LineArbiter(
    {
      onMessage: (view, at, bytes) => {
        const length = itch.check(view, at, bytes);
        if (length < 0) {
          arbiter.counts.malformed++;
          return;
        }
        book.apply(view, at);
        if (!filter.message(view, at)) return;
        const name = itch.of(view.getUint8(at))!.name;
        types.set(name, (types.get(name) ?? 0) + 1);
        const locate = view.getUint16(at + 1);
        symbols.set(locate, (symbols.get(locate) ?? 0) + 1);
      },
      request: () => undefined,
      // Nobody can be asked any more: the stream goes on behind the gap.
      needSnapshot: () => arbiter.resume(end, last),
    },
    undefined,
    1,
    { mostRequests: 1, patienceMs: 500, requestMs: 1 },
  );
  const mold = new MoldReader();
  const cut = await eachDatagram(
    file,
    filter,
    (reader, packet) => {
      const time = reader.seconds * 1000 + reader.nanoseconds / 1e6;
      if (!Number.isNaN(first)) between.record((time - last) * 1e6);
      if (Number.isNaN(first)) first = time;
      last = time;
      const name = `${packet.destination}:${packet.port}`;
      lines.set(name, (lines.get(name) ?? 0) + 1);
      if (mold.open(reader.view, packet.at, packet.bytes) === 0 && filter.session(mold)) end = mold.first;
      arbiter.take(reader.view, packet.at, packet.bytes, time);
      arbiter.tick(time);
    },
    (why) => others.set(why, (others.get(why) ?? 0) + 1),
  );
  const seconds = Number.isNaN(first) ? 0 : (last - first) / 1000;
  const { counts } = arbiter;
  const summary = { seconds, ...counts, messagesPerSecond: seconds > 0 ? Math.round(counts.messages / seconds) : counts.messages };
  if (options.json) {
    const object = (map: Map<string, number>) => Object.fromEntries(map);
    const bySymbol = Object.fromEntries([...symbols].map(([locate, count]) => [book.symbols.get(locate) ?? `locate ${locate}`, count]));
    console.log(
      JSON.stringify({
        ...summary,
        cut,
        lines: object(lines),
        types: object(types),
        symbols: bySymbol,
        others: object(others),
        openOrders: book.orderCount,
      }),
    );
    return;
  }
  printTable(
    ['what', ''],
    [...Object.entries(summary), ['open orders at the end', book.orderCount]].map(([name, value]) => [String(name), String(value)]),
  );
  printTable(['line', 'datagrams'], sorted(lines));
  printTable(['message', 'count'], sorted(types));
  const named = new Map([...symbols].map(([locate, count]) => [book.symbols.get(locate) ?? `locate ${locate}`, count]));
  printTable(['symbol (the 20 busiest)', 'messages'], sorted(named).slice(0, 20));
  const { p50, p99, max } = between.summary();
  console.log(
    `between datagrams: median ${(p50 / 1000).toFixed(1)} µs, 99 % ${(p99 / 1000).toFixed(1)} µs, most ${(max / 1000).toFixed(1)} µs`,
  );
  if (others.size > 0) console.log(`packets that are no UDP datagram: ${[...others].map(([why, count]) => `${count} ${why}`).join(', ')}`);
  if (cut) console.log('the capture ends in the middle of a packet');
}

function sorted(map: Map<string, number>): string[][] {
  return [...map].sort((a, b) => b[1] - a[1]).map(([name, count]) => [name, String(count)]);
}

/** Packs messages into datagrams of a session, and these into a capture: for days that are generated. */
export class CaptureOfMessages {
  readonly #output: PcapFile;
  readonly #packer: MoldPacker;
  readonly #to: Address;
  #next = 1;
  #time = 0;

  constructor(file: string, session: string, to: Line) {
    this.#output = new PcapFile(file);
    this.#packer = new MoldPacker(session);
    this.#to = { address: ipv4(to.group), port: to.port };
  }

  /** @param nanoseconds since midnight; a datagram holds messages of one moment */
  add(view: DataView, bytes: number, nanoseconds: number): void {
    if (nanoseconds !== this.#time) this.#send();
    this.#time = nanoseconds;
    let at = this.#packer.claim(bytes);
    if (at < 0) {
      this.#send();
      at = this.#packer.claim(bytes);
    }
    for (let i = 0; i < bytes; i++) this.#packer.bytes[at + i] = view.getUint8(i);
  }

  close(): void {
    this.#send();
    this.#output.close();
  }

  #send(): void {
    const { count } = this.#packer;
    if (count === 0) return;
    const length = this.#packer.seal(this.#next);
    const time = { seconds: Math.floor(this.#time / 1e9), nanoseconds: this.#time % 1e9 };
    this.#output.add(time, { address: ipv4('10.0.0.1'), port: 40_000 }, this.#to, this.#packer.bytes.subarray(0, length));
    this.#next += count;
    this.#packer.clear();
  }
}

export { line as readLine };
