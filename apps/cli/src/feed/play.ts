/** The `feed play` command's sender: datagrams of a file, at the pace of their times or faster. */
import dgram from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { FeedFilter } from '@outcry/wire/filter';
import { timestampOf } from '@outcry/wire/itch';
import { END_OF_SESSION, MoldPacker, MoldReader } from '@outcry/wire/mold';
import type { Line } from './line.ts';
import { eachDatagram, eachMessage, isMessageFile, isWanted } from './read.ts';

/** Milliseconds that a sender may run ahead before it waits. */
const AHEAD_MS = 1;
/** Datagrams sent at full speed before the system gets its turn. */
const BURST = 64;

interface PlayOptions {
  speed: number;
  line?: Line[];
  interface: string;
  session: string;
  filter?: string;
}

/** Sends datagrams at the times at which they are due. */
class Player {
  sent = 0;
  readonly #socket = dgram.createSocket('udp4');
  readonly #options: PlayOptions;
  readonly #started = performance.now();
  #first = Number.NaN;

  private constructor(options: PlayOptions) {
    this.#options = options;
  }

  static async open(options: PlayOptions): Promise<Player> {
    const player = new Player(options);
    await new Promise<void>((resolve) => player.#socket.bind(0, options.interface, resolve));
    player.#socket.setMulticastInterface(options.interface);
    player.#socket.setMulticastLoopback(true);
    return player;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Milliseconds until something of a time (milliseconds, of any clock) is due, by the first time that was asked for. */
  waitFor(time: number): number {
    if (Number.isNaN(this.#first)) this.#first = time;
    return (time - this.#first) / this.#options.speed - (performance.now() - this.#started);
  }

  async send(payload: Uint8Array, time: number, targets: readonly Line[]): Promise<void> {
    const wait = this.waitFor(time);
    if (wait > AHEAD_MS) await sleep(wait);
    const copy = Buffer.from(payload);
    const isBurstOver = ++this.sent % BURST === 0;
    for (const { group, port } of targets) {
      const done = new Promise<void>((resolve) => this.#socket.send(copy, port, group, () => resolve()));
      if (isBurstOver) await done;
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.send('', 9, this.#options.interface, () => resolve())); // after all the others
    this.#socket.close();
  }
}

export async function play(file: string, options: PlayOptions): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const isOfMessages = isMessageFile(file);
  if (isOfMessages && options.line === undefined)
    throw new Error(`${file} holds messages and no addresses: say where to send them, with --line`);
  const player = await Player.open(options);
  const what = isOfMessages ? await playMessages(file, filter, player, options) : await playDatagrams(file, filter, player, options);
  await player.close();
  console.log(`${what} in ${player.seconds.toFixed(1)} s`);
}

/** The datagrams of a capture as they were sent. */
async function playDatagrams(file: string, filter: FeedFilter, player: Player, { line }: PlayOptions): Promise<string> {
  const mold = new MoldReader();
  const isCut = await eachDatagram(file, filter, async (reader, packet) => {
    if (!isWanted(filter, mold, reader.view, packet.at, packet.bytes)) return;
    const payload = new Uint8Array(reader.view.buffer as ArrayBuffer, packet.at, packet.bytes);
    const time = reader.seconds * 1000 + reader.nanoseconds / 1e6;
    await player.send(payload, time, line ?? [{ group: packet.destination, port: packet.port }]);
  });
  return `${player.sent} datagrams${isCut ? ' (the capture ends in the middle of a packet)' : ''}`;
}

/** Messages as a session of their own, packed to datagrams: those that are due by the time that one goes out. */
async function playMessages(file: string, filter: FeedFilter, player: Player, { line, session }: PlayOptions): Promise<string> {
  const packer = new MoldPacker(session);
  let next = 1;
  let time = 0;
  const send = async () => {
    const length = packer.seal(next);
    next += packer.count;
    await player.send(packer.bytes.subarray(0, length), time, line!);
    packer.clear();
  };
  const problem = await eachMessage(file, filter, async (view, at, bytes) => {
    const stamp = timestampOf(view, at) / 1e6;
    if (packer.count > 0 && player.waitFor(stamp) > AHEAD_MS) await send();
    time = stamp;
    let to = packer.claim(bytes);
    if (to < 0) {
      await send();
      to = packer.claim(bytes);
    }
    packer.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes), to);
  });
  if (packer.count > 0) await send();
  packer.seal(next, END_OF_SESSION);
  await player.send(packer.bytes.subarray(0, packer.length), time, line!);
  return `${next - 1} messages in ${player.sent} datagrams${problem === undefined ? '' : ` (${problem})`}`;
}
