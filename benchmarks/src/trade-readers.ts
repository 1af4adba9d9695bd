// A process of its own: readers of one stream that do not parse what they get, but for the first. Writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import net from 'node:net';

export interface TradeReadersOptions {
  port: number;
  stream: string;
  readers: number;
  /** a file: when it is there, the counting begins; when it is gone again, it ends */
  signal: string;
}

export interface TradeReadersResult {
  /** fewest and most messages that a reader got */
  fewest: number;
  most: number;
  /** the trades that the first reader got, and those missing between them */
  trades: number;
  missing: number;
  closed: number;
  cpuSeconds: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LOOK_MS = 20;
const OPENED_AT_ONCE = 50;

/** A WebSocket client that counts messages by their frames' lengths. */
class Reader {
  messages = 0;
  isClosed = false;
  readonly #texts: string[] | undefined;
  #isOpen = false;
  #left: Buffer = Buffer.alloc(0);
  /** bytes of the frame that are still to come */
  #skip = 0;

  private constructor(texts: string[] | undefined) {
    this.#texts = texts;
  }

  static open({ port, stream }: TradeReadersOptions, texts: string[] | undefined): Promise<Reader> {
    const reader = new Reader(texts);
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.write(
        `GET /ws/${stream} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      socket.on('data', (bytes: Buffer) => {
        reader.#take(bytes);
        if (reader.#isOpen) resolve(reader);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        reader.isClosed = true;
        reject(new Error('the venue closed a reader'));
      });
    });
  }

  #take(piece: Buffer): void {
    let bytes: Buffer = this.#left.length === 0 ? piece : Buffer.concat([this.#left, piece]);
    this.#left = Buffer.alloc(0);
    if (!this.#isOpen) {
      const end = bytes.indexOf(END_OF_HEAD);
      if (end < 0) {
        this.#left = bytes;
        return;
      }
      this.#isOpen = true;
      bytes = bytes.subarray(end + 4);
    }
    let at = Math.min(this.#skip, bytes.length);
    this.#skip -= at;
    while (at < bytes.length) {
      const length = bytes[at + 1];
      const head = length === 126 ? 4 : 2;
      const isTold = this.#texts !== undefined;
      const size = head + (bytes.length - at < head ? 0 : length === 126 ? bytes.readUInt16BE(at + 2) : length);
      if (bytes.length - at < (isTold ? size : head) || bytes.length - at < 2) {
        this.#left = Buffer.from(bytes.subarray(at));
        return;
      }
      if ((bytes[at] & 0xf) === 1) {
        this.messages++;
        this.#texts?.push(bytes.toString('utf8', at + head, at + size));
      }
      this.#skip = Math.max(0, at + size - bytes.length);
      at = Math.min(bytes.length, at + size);
    }
  }
}

async function run(options: TradeReadersOptions): Promise<TradeReadersResult> {
  const texts: string[] = [];
  const readers: Reader[] = [];
  while (readers.length < options.readers) {
    const count = Math.min(OPENED_AT_ONCE, options.readers - readers.length);
    const opened = Array.from({ length: count }, (_, i) => Reader.open(options, readers.length + i === 0 ? texts : undefined));
    readers.push(...(await Promise.all(opened)));
  }
  fs.writeSync(1, 'open\n');
  const wait = async (there: boolean) => {
    while (fs.existsSync(options.signal) !== there) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  };
  await wait(true);
  texts.length = 0;
  for (const reader of readers) reader.messages = 0;
  const before = process.cpuUsage();
  await wait(false);
  const { user, system } = process.cpuUsage(before);
  const counts = readers.map(({ messages }) => messages);
  const ids = texts.map((text) => (JSON.parse(text) as { t: number }).t);
  return {
    fewest: Math.min(...counts),
    most: Math.max(...counts),
    trades: ids.length,
    missing: ids.length === 0 ? 0 : ids[ids.length - 1] - ids[0] + 1 - ids.length,
    closed: readers.filter(({ isClosed }) => isClosed).length,
    cpuSeconds: (user + system) / 1e6,
  };
}

const [argument] = process.argv.slice(2);
fs.writeSync(3, JSON.stringify(await run(JSON.parse(argument) as TradeReadersOptions)));
process.exit();
