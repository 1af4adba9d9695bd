import net from 'node:net';
import { type FixField, FixFramer, type FixMessage, fixTime, formatFix, parseFix } from '@outcry/wire/fix';
import { endAfterTests } from './left-open.ts';
import { until } from './until.ts';

/** A client that sends what it is told to, right or wrong. */
export class FixClient {
  readonly got: FixMessage[] = [];
  isClosed = false;
  next = 1;
  readonly version: string;
  readonly #user: string;
  readonly socket: net.Socket;
  readonly #framer = new FixFramer(16 * 1024 * 1024);
  #taken = 0;
  now = Date.now;

  constructor(port: number, user: string, version = 'FIX.4.4') {
    this.#user = user;
    this.version = version;
    const framer = this.#framer;
    this.socket = net.connect(port, '127.0.0.1');
    endAfterTests(() => this.socket.destroy());
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('data', (piece: Buffer) => {
      framer.push(piece);
      for (let text = framer.next(); text !== undefined; text = framer.next()) this.got.push(parseFix(text));
    });
  }

  /** Connects and logs on. @param next the Logon's number */
  static async logon(port: number, user: string, version = 'FIX.4.4', more: FixField[] = [[141, 'Y']], next = 1): Promise<FixClient> {
    const client = new FixClient(port, user, version);
    client.next = next;
    client.send('A', [
      [98, 0],
      [108, 30],
      [554, `${user.toLowerCase()}pass`],
      ...(version === 'FIXT.1.1' ? [[1137, 9] as const] : []),
      ...more,
    ]);
    await client.take('A');
    return client;
  }

  /** Messages that came and were none. */
  get garbled(): number {
    return this.#framer.garbled;
  }

  /** Everything that came was looked at. */
  forget(): void {
    this.got.length = 0;
    this.#taken = 0;
  }

  send(type: string, fields: FixField[]): void {
    this.socket.write(this.format(type, fields));
  }

  /** A message under the next number. */
  format(type: string, fields: FixField[]): Buffer {
    const head: FixField[] = [
      [35, type],
      [49, this.#user],
      [56, 'OUTCRY'],
      [34, this.next++],
      [52, fixTime(this.now())],
    ];
    return formatFix(this.version, [...head, ...fields]);
  }

  order(id: string, side: number, quantity: string, price: string, more: FixField[] = []): void {
    this.send('D', FixClient.fields(id, side, quantity, price, more));
  }

  /** Of a limit order that stays. */
  static fields(id: string, side: number, quantity: string, price: string, more: FixField[] = []): FixField[] {
    return [[11, id], [55, 'BTCUSDT'], [54, side], [38, quantity], [40, 2], [44, price], [59, 1], [60, fixTime(Date.now())], ...more];
  }

  /** The next message of a type that has not been taken. */
  async take(type: string): Promise<FixMessage> {
    const at = () => this.got.findIndex((message, i) => i >= this.#taken && message.type === type);
    await until(
      () => at() >= 0,
      () =>
        `${type}; got ${this.got
          .slice(this.#taken)
          .map((m) => m.values.join('|'))
          .join('\n')}`,
    );
    this.#taken = at() + 1;
    return this.got[this.#taken - 1];
  }

  /** The next execution report, by some of its fields. */
  async report(...tags: number[]): Promise<string[]> {
    const message = await this.take('8');
    return tags.map((tag) => message.get(tag) ?? '-');
  }
}
