/** A thread that publishes market data to those who read it. */
import type { Duplex } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { createLevelPool } from '@outcry/book/level-sums';
import { Bell } from '@outcry/memory/bell';
import { setNice } from '@outcry/memory/libc';
import { Ring } from '@outcry/memory/ring';
import { RateLimiter } from '../core/fairness/rate-limits.ts';
import { CANDLES_LOADED, MarketFeed } from '../core/feeds/market-feed.ts';
import { QueueReader } from '../core/feeds/queue-reader.ts';
import { RulesInForce } from '../core/rules-in-force.ts';
import { CANDLE_SECONDS } from '../domain/candle.ts';
import { Market } from '../domain/market.ts';
import { BridgedSource, BridgeEnd } from '../doors/binance/bridge.ts';
import { type HandedOver, listenForPipes, takeSocket } from '../doors/binance/hand-over.ts';
import { MarketStreams } from '../doors/binance/market-streams.ts';
import { Outbox } from '../doors/binance/outbox.ts';
import { PUBLIC_DATA, type PublicQuestion } from '../doors/binance/public-data.ts';
import type { FromPublisher, PublisherThreadData, ToPublisher } from '../doors/binance/publisher-messages.ts';
import { StreamFaults } from '../doors/binance/stream-faults.ts';
import { StreamSession } from '../doors/binance/stream-server.ts';
import { namedStreams } from '../doors/binance/stream-url.ts';
import { WebSocketDoor } from '../doors/binance/web-socket-door.ts';
import type { Connection } from '../doors/binance/ws-connection.ts';
import { openStore, type StoreReader } from '../store/store.ts';

/** Those that trade come first. */
const NICE = 10;
/** Records that are taken in, and connections that are written to, before messages and sockets get their turn. */
const RECORDS_AT_ONCE = 4096;
const WRITES_AT_ONCE = 128;
const SLICES_A_TURN = 16;
/** A rest after a turn is as long as the turn was, within this: then more goes into a write. */
const LEAST_REST_MS = 1;
const MOST_REST_MS = 20;
const ASLEEP_MS = 100;
const WAITING_MS = 5;
const ANSWERING_MS = 5;
/** A question is answered with what there is when the order lane's turn does not come for so long. */
const WAIT_FOR_TURN_MS = 1000;
const MINUTES_LOADED = 1500;
/** The store may be behind for so long when another publisher's place is taken. */
const FILL_MS = 5000;
const FILL_AGAIN_MS = 5;

const data = workerData as PublisherThreadData;
const port = parentPort!;
const immediate = () => new Promise<void>((resolve) => setImmediate(resolve));

class PublisherThread {
  readonly #market = new Market(data.assets, data.instruments);
  readonly #levels = createLevelPool(data.levels);
  readonly #feeds = this.#market.instruments.map((instrument) => new MarketFeed(instrument, this.#levels));
  readonly #rules = new RulesInForce(data.rules);
  readonly #streams = new MarketStreams(this.#market, this.#feeds, (number) => this.#rules.referencePrice(number));
  readonly #reader = new QueueReader(new Ring(data.ring), this.#feeds, this.#streams);
  readonly #bell = new Bell(data.bell, 0);
  readonly #outbox = new Outbox(() => this.#bell.ring());
  readonly #door = new WebSocketDoor(data.webSockets, this.#outbox);
  readonly #limiter = new RateLimiter(data.rateLimits);
  readonly #users = new BridgedSource((message) => post({ kind: 'users', message }));
  readonly #bridge = new BridgeEnd((message) => post({ kind: 'market', message }), this.#streams);
  readonly #sessions = new Map<number, StreamSession>();
  readonly #faults = new StreamFaults();
  /** questions that wait for the order lane's turn */
  #waiting: { id: number; question: PublicQuestion; args: unknown[]; turn: number; until: number }[] = [];
  readonly #timers: NodeJS.Timeout[];
  #isRunning = true;
  /** the last trade that loaded candles have, by instrument */
  readonly #loaded: number[] = [];
  readonly #begun: Promise<number[]>;
  #begin: (lastTrades: number[]) => void = () => undefined;

  constructor() {
    this.#begun = new Promise((begin) => {
      this.#begin = begin;
    });
    this.#timers = [
      setInterval(() => this.#atTurnMark(() => this.#streams.every100ms()), 100),
      setInterval(() => this.#atTurnMark(() => this.#streams.everySecond()), 1000),
      setInterval(() => this.#report(), 500),
    ];
  }

  /** Fills charts and statistics with what the store has of the time before. Returns what went wrong. */
  async load(): Promise<string | undefined> {
    let history: StoreReader | undefined;
    try {
      history = await (await openStore(data.store)).reader();
      await history.atOnce(async () => {
        for (const feed of this.#feeds) await this.#loadFeed(feed, history!);
      });
      return undefined;
    } catch (error) {
      return `no candles from the store: ${(error as Error).message}`;
    } finally {
      await history?.close();
    }
  }

  async #loadFeed(feed: MarketFeed, history: StoreReader): Promise<void> {
    const { number } = feed.instrument;
    for (const seconds of Object.values(CANDLE_SECONDS)) {
      const limit = seconds === 60 ? MINUTES_LOADED : CANDLES_LOADED;
      feed.load(seconds, await history.candles(number, seconds, { limit }));
    }
    const [last] = await history.trades(number, { limit: 1 });
    feed.loadLast(last);
    this.#loaded[number] = last?.id ?? 0;
  }

  /** Waits until its queue begins, and takes in the trades between what was loaded and that. Returns what went wrong. */
  async follow(): Promise<string | undefined> {
    const lastTrades = await this.#begun;
    let history: StoreReader | undefined;
    try {
      history = await (await openStore(data.store)).reader();
      for (const feed of this.#feeds) await this.#fill(feed, lastTrades[feed.instrument.number], history);
      return undefined;
    } catch (error) {
      return `no trades from the store since its candles: ${(error as Error).message}`;
    } finally {
      await history?.close();
    }
  }

  async #fill(feed: MarketFeed, last: number, history: StoreReader): Promise<void> {
    const { number } = feed.instrument;
    const loaded = this.#loaded[number] ?? last;
    const stored = async () => (await history.trades(number, { limit: 1 }))[0]?.id ?? 0;
    for (const until = performance.now() + FILL_MS; this.#isRunning && (await stored()) < last; ) {
      if (performance.now() > until) throw new Error('it is behind');
      await new Promise((resolve) => setTimeout(resolve, FILL_AGAIN_MS));
    }
    const [before] = await history.trades(number, { from: loaded, before: loaded + 1, limit: 1 });
    let aggregate = before?.aggregate ?? 0;
    for (const trade of await history.trades(number, { from: loaded + 1, before: last + 1, limit: -1 })) {
      feed.addTrade({ ...trade, newAggregate: trade.aggregate !== aggregate });
      aggregate = trade.aggregate;
    }
  }

  take(message: ToPublisher): void {
    switch (message.kind) {
      case 'begin':
        this.#begin(message.lastTrades);
        break;
      case 'socket':
        this.open(takeSocket(message.fd), message.handed);
        break;
      case 'ask':
        this.#waiting.push({ ...message, until: performance.now() + WAIT_FOR_TURN_MS });
        this.#bell.ring();
        break;
      case 'cancel':
        this.#waiting = this.#waiting.filter(({ id }) => id !== message.id);
        break;
      case 'market':
        this.#bridge.take(message.message);
        this.#bell.ring();
        break;
      case 'users':
        this.#users.take(message.message);
        break;
      case 'faults':
        this.#streams.tamper = this.#faults.set(message.faults);
        break;
      case 'disconnect':
        for (const { connection } of this.#sessions.values()) connection.abort();
        break;
      case 'stop':
        this.#isRunning = false;
        this.#begin([]);
        this.#bell.ring();
    }
  }

  open(socket: Duplex, { id, url, headers, head, address }: HandedOver): void {
    socket.once('close', () => {
      this.#sessions.delete(id);
      post({ kind: 'left', id });
    });
    this.#door.open({ url, headers }, socket, Buffer.from(head), address, (connection) => this.#serve(id, url, connection));
  }

  #serve(id: number, url: string, connection: Connection): void {
    const { isCombined, names } = namedStreams(url)!;
    const parts = {
      market: this.#streams,
      users: this.#users,
      limiter: this.#limiter,
      messagesPerSecond: data.webSockets.messagesPerSecond,
      onChange: () => this.#bell.ring(),
    };
    const session = new StreamSession(connection, parts, isCombined);
    this.#sessions.set(id, session);
    session.start(names);
  }

  /** Turns until the venue stops. */
  async run(): Promise<void> {
    while (this.#isRunning) {
      const started = performance.now();
      const hasWorked = await this.#turn();
      if (!this.#isRunning) break;
      if (hasWorked) await rest(performance.now() - started);
      else await this.#sleep();
    }
    for (const timer of this.#timers) clearInterval(timer);
    await this.#door.close();
  }

  async #turn(): Promise<boolean> {
    let hasWorked = false;
    for (let slices = 0; slices < SLICES_A_TURN && this.#reader.drain(RECORDS_AT_ONCE) > 0; slices++) {
      hasWorked = true;
      if (this.#reader.hasMore()) await immediate();
    }
    if (this.#reader.isAtTurnMark) this.#streams.onTurnMark();
    this.#streams.deliver(this.#reader.isAtTurnMark);
    this.#answer();
    while (this.#outbox.flush(WRITES_AT_ONCE)) {
      hasWorked = true;
      await immediate();
    }
    return hasWorked;
  }

  async #sleep(): Promise<void> {
    this.#bell.prepare();
    if (this.#reader.hasMore() || this.#outbox.hasMore || this.#streams.hasMore(this.#reader.isAtTurnMark)) {
      this.#bell.cancel();
      await immediate();
    } else await this.#bell.waitAsync(this.#waiting.length > 0 ? WAITING_MS : ASLEEP_MS);
  }

  /** Answers questions whose turn is reached, and those that waited too long with what there is; a few milliseconds' worth at once. */
  #answer(): void {
    if (this.#waiting.length === 0) return;
    const now = performance.now();
    const { turn, isAtTurnMark } = this.#reader;
    this.#waiting = this.#waiting.filter((asked) => {
      const isReady = (isAtTurnMark && turn >= asked.turn) || now >= asked.until;
      if (!isReady || performance.now() - now > ANSWERING_MS) return true;
      const ask = PUBLIC_DATA[asked.question] as (feeds: readonly MarketFeed[], ...args: unknown[]) => unknown;
      const answer = ask(this.#feeds, ...asked.args);
      post({ kind: 'answer', id: asked.id, json: answer === undefined ? undefined : JSON.stringify(answer) });
      return false;
    });
  }

  /** What is told at intervals waits for the next one when a turn is not all there. */
  #atTurnMark(send: () => void): void {
    if (!this.#reader.isAtTurnMark) return;
    send();
    this.#bell.ring();
  }

  #report(): void {
    let subscriptions = 0;
    for (const { size } of this.#sessions.values()) subscriptions += size;
    post({ kind: 'status', status: { streams: this.#streams.size, subscriptions } });
  }
}

function post(message: FromPublisher): void {
  port.postMessage(message);
}

async function rest(turnMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(LEAST_REST_MS, Math.min(turnMs, MOST_REST_MS))));
}

setNice(NICE);
const thread = new PublisherThread();
const warning = await thread.load();
const pipes = data.pipe === undefined ? undefined : listenForPipes(data.pipe, (socket, handed) => thread.open(socket, handed));
port.on('message', (message: ToPublisher) => thread.take(message));
port.postMessage({ warning });
if (data.isSuccessor) {
  const missing = await thread.follow();
  if (missing !== undefined) post({ kind: 'warning', text: missing });
}
await thread.run();
pipes?.close();
port.close();
