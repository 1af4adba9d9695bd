// A process of its own: OUCH sessions that send orders in pairs that trade, and count what comes back. Writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import net from 'node:net';
import { sleepThread } from '@outcry/memory/bell';
import { setRealTime } from '@outcry/memory/libc';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { Histogram } from '@outcry/telemetry/histogram';
import { codeOf, viewOf } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { beginPacket, SOUP, SOUP_HEAD, SoupFramer, writeLogin } from '@outcry/wire/soup';

raiseInliningBudget();

export interface OuchLoadOptions {
  port: number;
  /** user and password of each session; those of even place buy, the others sell */
  logins: { user: string; password: string }[];
  symbol: string;
  /** four implied decimals */
  price: number;
  /** orders a second in all; 0: as many as it takes */
  rate: number;
  seconds: number;
  /** the first of these seconds, in which the client's own code is cold: their orders are sent, and not timed */
  warmUp?: number;
  /** orders of a session without an answer yet, when the rate is 0 */
  window: number;
  /** whether it runs at a real-time priority: when only latency is measured, and nobody else's */
  realTime: boolean;
  /** the first reference to use */
  firstReference: number;
  /** instead of trading: so many DAY orders to buy in all, that rest on so many levels below the price, as fast as they are taken */
  rest?: { orders: number; levels: number };
}

export interface OuchLoadResult {
  sent: number;
  accepted: number;
  rejected: number;
  executed: number;
  seconds: number;
  perSecond: number;
  latencyNs: ReturnType<Histogram['summary']>;
}

const ORDER = SOUP_HEAD + wire.enterOrder.length + 2;
const BATCH = 512;
const PRICE = wire.enterOrder.fields.price;
/** 0.01 at four implied decimals */
const TICK = 100;
const NAP_MS = 0.05;
const READ_BYTES = 256 * 1024;
const { userRef: USER_REF } = wire.accepted.at;
const { quantity: QUANTITY } = wire.executed.at;
const ACCEPTED = wire.accepted.type;
const REJECTED = wire.rejected.type;
const EXECUTED = wire.executed.type;
/** Orders whose due time is remembered, by session. */
const REMEMBERED = 1 << 17;

class Session {
  sent = 0;
  answered = 0;
  accepted = 0;
  rejected = 0;
  executed = 0;
  readonly due = new Float64Array(REMEMBERED);
  readonly #socket: net.Socket;
  readonly #framer = new SoupFramer(256);
  readonly #histogram: Histogram;
  readonly #options: OuchLoadOptions;
  readonly #template: Uint8Array;
  /** orders to be numbered and sent */
  #orders!: Uint8Array;
  #ordersView!: DataView;
  /** orders that were due before are not timed */
  timedFrom = 0;
  isLive = false;
  isFull = false;
  onLive: () => void = () => undefined;

  constructor(options: OuchLoadOptions, place: number, histogram: Histogram) {
    this.#options = options;
    this.#histogram = histogram;
    this.#template = orderTemplate(options, options.rest !== undefined || place % 2 === 0 ? 'B' : 'S');
    this.#makeOrders();
    const piece = Buffer.allocUnsafeSlow(READ_BYTES);
    const onread = { buffer: piece, callback: (bytes: number) => this.#take(piece.subarray(0, bytes)) };
    this.#socket = net.connect({ port: options.port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('drain', () => {
      this.isFull = false;
    });
    this.#socket.on('error', (error) => {
      throw error;
    });
    const login = new Uint8Array(64);
    const { user, password } = options.logins[place];
    const bytes = writeLogin(viewOf(login), 0, { user, password, session: '', sequence: 0 });
    this.#socket.write(login.subarray(0, bytes));
  }

  /** Sends orders; the n-th was due at `dueAt + n x step` milliseconds. */
  send(count: number, dueAt: number, step: number): void {
    // Written bytes may be used again once the system has all of them.
    if (this.#socket.writableLength > 0) this.#makeOrders();
    const view = this.#ordersView;
    const first = this.#options.firstReference + this.sent;
    for (let i = 0; i < count; i++) {
      view.setUint32(i * ORDER + SOUP_HEAD + wire.enterOrder.at.userRef, first + i);
      this.due[(first + i) & (REMEMBERED - 1)] = dueAt + i * step;
      if (this.#options.rest !== undefined) {
        const { price, rest } = this.#options;
        PRICE.set(view, i * ORDER + SOUP_HEAD + wire.enterOrder.at.price, price - TICK * (1 + ((first + i) % rest.levels)));
      }
    }
    this.sent += count;
    this.isFull = !this.#socket.write(this.#orders.subarray(0, count * ORDER));
  }

  #makeOrders(): void {
    this.#orders = new Uint8Array(BATCH * ORDER);
    for (let i = 0; i < BATCH; i++) this.#orders.set(this.#template, i * ORDER);
    this.#ordersView = viewOf(this.#orders);
  }

  beat(): void {
    const packet = new Uint8Array(SOUP_HEAD);
    beginPacket(viewOf(packet), 0, SOUP.CLIENT_HEARTBEAT, 0);
    this.#socket.write(packet);
  }

  close(): void {
    this.#socket.destroy();
  }

  #time(due: number, now: number): void {
    if (due >= this.timedFrom) this.#histogram.record((now - due) * 1e6);
  }

  #take(piece: Buffer): boolean {
    const framer = this.#framer;
    const now = performance.now();
    framer.push(piece);
    while (framer.next()) {
      const { view, at } = framer;
      if (framer.type !== SOUP.SEQUENCED) {
        if (framer.type === SOUP.LOGIN_ACCEPTED) this.onLive();
        else if (framer.type === SOUP.LOGIN_REJECTED || framer.type === SOUP.DEBUG) throw new Error('the venue ended the session');
        continue;
      }
      switch (view.getUint8(at)) {
        case ACCEPTED:
          this.answered++;
          this.accepted++;
          this.#time(this.due[view.getUint32(at + USER_REF) & (REMEMBERED - 1)], now);
          break;
        case EXECUTED:
          this.executed += view.getUint32(at + QUANTITY);
          break;
        case REJECTED:
          this.answered++;
          this.rejected++;
      }
    }
    return true; // go on reading
  }
}

function orderTemplate({ symbol, price, rest }: OuchLoadOptions, side: string): Uint8Array {
  const bytes = new Uint8Array(ORDER);
  const view = viewOf(bytes);
  const at = beginPacket(view, 0, SOUP.UNSEQUENCED, ORDER - SOUP_HEAD);
  const order = wire.enterOrder.begin(new wire.enterOrder.View(), view, at);
  order.side = codeOf(side);
  order.quantity = 1;
  order.symbol = symbol;
  order.price = price;
  order.timeInForce = codeOf(rest === undefined ? '5' : '0');
  order.display = codeOf('Y');
  order.capacity = codeOf('P');
  order.sweep = codeOf('N');
  order.crossType = codeOf('N');
  order.clientOrderId = 'load';
  return bytes;
}

async function run(options: OuchLoadOptions): Promise<OuchLoadResult> {
  if (options.realTime) setRealTime(1); // it measures others: what it waits for a core is not theirs
  const histogram = new Histogram();
  const sessions = options.logins.map((_, place) => new Session(options, place, histogram));
  await Promise.all(sessions.map((session) => new Promise<void>((resolve) => Object.assign(session, { onLive: resolve }))));
  const beating = setInterval(() => {
    for (const session of sessions) session.beat();
  }, 500);
  const started = performance.now();
  for (const session of sessions) session.timedFrom = started + (options.warmUp ?? 0) * 1000;
  const end = started + options.seconds * 1000;
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const step = options.rate === 0 ? 0 : 1000 / options.rate;
  let sent = 0;
  let next = 0;
  for (let now = started; now < end; now = performance.now()) {
    if (options.rate === 0) {
      const most = options.rest === undefined ? Number.POSITIVE_INFINITY : Math.ceil(options.rest.orders / sessions.length);
      if (sessions.every((session) => session.sent >= most)) break;
      for (const session of sessions) {
        const room = Math.min(options.window - (session.sent - session.answered), most - session.sent);
        if (room >= Math.min(BATCH, options.window, Math.max(1, most - session.sent)) && !session.isFull)
          session.send(Math.min(BATCH, room), now, 0);
      }
    } else {
      // A few orders to each session in turn, so that each batch is one write.
      const due = Math.floor((now - started) / step) - sent;
      const share = Math.max(1, Math.min(BATCH, Math.ceil(due / sessions.length)));
      for (let left = due; left > 0; left -= share) {
        const count = Math.min(share, left);
        sessions[next].send(count, started + sent * step, step);
        next = (next + 1) % sessions.length;
        sent += count;
      }
    }
    if (options.rate !== 0) sleepThread(NAP_MS); // a client that spins would take a core from what it measures
    await turn();
  }
  const total = (field: 'sent' | 'accepted' | 'rejected' | 'executed' | 'answered') =>
    sessions.reduce((sum, session) => sum + session[field], 0);
  const deadline = performance.now() + 20_000;
  while (total('answered') < total('sent') && performance.now() < deadline) await turn();
  const elapsed = (performance.now() - started) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 200)); // the last executions
  clearInterval(beating);
  for (const session of sessions) session.close();
  const { latencyNs } = { latencyNs: histogram.summary() };
  const answered = total('answered');
  return {
    sent: total('sent'),
    accepted: total('accepted'),
    rejected: total('rejected'),
    executed: total('executed'),
    seconds: elapsed,
    perSecond: answered / elapsed,
    latencyNs,
  };
}

const [argument] = process.argv.slice(2);
if (argument === 'load') process.exit();
fs.writeSync(3, JSON.stringify(await run(JSON.parse(argument) as OuchLoadOptions)));
process.exit();
