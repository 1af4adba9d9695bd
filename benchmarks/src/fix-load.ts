// A process of its own: FIX sessions that send orders in pairs that trade, and count the execution reports. Writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import net from 'node:net';
import { Histogram } from '@outcry/telemetry/histogram';
import { type FixField, fixTime, formatFix } from '@outcry/wire/fix';

export interface FixLoadOptions {
  port: number;
  logins: { user: string; password: string }[];
  seconds: number;
  /** orders of a session without an answer yet */
  window: number;
}

export interface FixLoadResult {
  accepted: number;
  rejected: number;
  trades: number;
  seconds: number;
  latencyNs: ReturnType<Histogram['summary']>;
}

const histogram = new Histogram();

class Session {
  accepted = 0;
  rejected = 0;
  trades = 0;
  sent = 0;
  readonly #user: string;
  readonly #side: number;
  readonly #socket: net.Socket;
  readonly #sentAt = new Map<string, number>();
  #next = 1;
  #rest = '';
  readonly #run = Date.now().toString(36);
  onLive: () => void = () => undefined;

  constructor({ port, logins }: FixLoadOptions, place: number) {
    const { user, password } = logins[place];
    this.#user = user;
    this.#side = 1 + (place % 2);
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (piece) => this.#take(piece.toString('latin1')));
    this.#write('A', [
      [98, 0],
      [108, 30],
      [141, 'Y'],
      [554, password],
    ]);
  }

  get inFlight(): number {
    return this.sent - this.accepted - this.rejected;
  }

  order(): void {
    const id = `${this.#run}-${++this.sent}`;
    this.#sentAt.set(id, performance.now());
    this.#write('D', [
      [11, id],
      [55, 'BTCUSDT'],
      [54, this.#side],
      [38, '0.00001'],
      [40, 2],
      [44, '60000'],
      [59, 1],
      [60, fixTime(Date.now())],
    ]);
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(type: string, fields: FixField[]): void {
    const head: FixField[] = [
      [35, type],
      [49, this.#user],
      [56, 'OUTCRY'],
      [34, this.#next++],
      [52, fixTime(Date.now())],
    ];
    this.#socket.write(formatFix('FIX.4.4', [...head, ...fields]));
  }

  #take(text: string): void {
    const all = this.#rest + text;
    let at = 0;
    // Only what is counted is read of a message: this is not the side that is measured.
    for (let end = all.indexOf('\x0110=', at); end >= 0 && end + 8 <= all.length; end = all.indexOf('\x0110=', at)) {
      const message = all.slice(at, end + 1);
      at = end + 8;
      if (message.includes('\x0135=A\x01')) this.onLive();
      if (!message.includes('\x0135=8\x01')) continue;
      if (message.includes('\x01150=F\x01')) this.trades++;
      else if (message.includes('\x01150=8\x01')) this.rejected++;
      else if (message.includes('\x01150=0\x01')) {
        this.accepted++;
        const idAt = message.indexOf('\x0111=') + 4;
        const id = message.slice(idAt, message.indexOf('\x01', idAt));
        histogram.record((performance.now() - this.#sentAt.get(id)!) * 1e6);
        this.#sentAt.delete(id);
      }
    }
    this.#rest = all.slice(at);
  }
}

async function run(options: FixLoadOptions): Promise<FixLoadResult> {
  const sessions = options.logins.map((_, place) => new Session(options, place));
  await Promise.all(sessions.map((session) => new Promise<void>((resolve) => Object.assign(session, { onLive: resolve }))));
  const started = performance.now();
  const end = started + options.seconds * 1000;
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  while (performance.now() < end) {
    for (const session of sessions) while (session.inFlight < options.window) session.order();
    await turn();
  }
  const total = (field: 'accepted' | 'rejected' | 'trades' | 'inFlight') => sessions.reduce((sum, session) => sum + session[field], 0);
  while (total('inFlight') > 0 && performance.now() < end + 10_000) await turn();
  const seconds = (performance.now() - started) / 1000;
  for (const session of sessions) session.close();
  return { accepted: total('accepted'), rejected: total('rejected'), trades: total('trades'), seconds, latencyNs: histogram.summary() };
}

const [argument] = process.argv.slice(2);
fs.writeSync(3, JSON.stringify(await run(JSON.parse(argument) as FixLoadOptions)));
process.exit();
