/** History threads: which reader takes which question, and what happens when one dies. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Candle } from '../domain/candle.ts';
import type { AssetDefinition, InstrumentDefinition } from '../domain/market.ts';
import type { Order, OrderList } from '../domain/orders.ts';
import { type Asker, Questions, Unanswered } from '../spine/questions.ts';
import type { HistoryReader } from './history-reader.ts';
import type { StoreAddress } from './store.ts';
import type { StoredTrade, VolumePage } from './stored-rows.ts';

/** Questions without an answer: in all, and of one address or account. */
const MOST = 1024;
const MOST_EACH = 32;
/** The venue's own questions wait longer: nobody else's answer hangs on them. */
const OWN: Asker = { who: 'venue' };
const CANCELLED = 0;
const RESTART_MS = 500;

/** A thread that reads the store for the clients. */
export interface HistoryThreadData {
  store: StoreAddress;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  /** the number of the question that is taken back while it is worked on: of 32 bits, 0: none */
  cancelled: Int32Array;
}

export interface HistoryMessage {
  id: number;
  answer?: unknown;
  error?: { code: 'late' | 'gone' | 'unavailable'; message: string };
}

interface Waiting {
  id: number;
  question: string;
  args: readonly unknown[];
  /** milliseconds after which nobody waits for the answer (performance.now()) */
  deadline: number;
}

interface Reader {
  worker: Worker;
  /** shared with its thread: the number of the question that is taken back */
  cancelled: Int32Array;
  /** the question that it works on, 0: none */
  current: number;
}

interface HistorySettings extends Omit<HistoryThreadData, 'cancelled'> {
  readers: number;
  deadlineMs: number;
  /** see QuestionLimits */
  lastId?: number;
  log: Logger;
}

/**
 * Threads that read the store. Each answers one question at a time; those that wait are taken by asker in turn, so that an asker with many
 * waits for himself.
 */
export class HistoryReaders implements HistoryReader {
  readonly #questions: Questions;
  readonly #deadlineMs: number;
  readonly #readers: Reader[];
  /** by asker, in turn: the first is next */
  readonly #waiting = new Map<string, Waiting[]>();
  #isClosing = false;

  constructor({ readers, deadlineMs, lastId, log, ...data }: HistorySettings) {
    this.#deadlineMs = deadlineMs;
    this.#questions = new Questions({ most: MOST, mostEach: MOST_EACH, deadlineMs, lastId });
    this.#readers = Array.from({ length: readers }, (_, i) => this.#start(data, i, log));
  }

  /** Asks by the name of a question; whoever asks knows what its answer is. Rejects with Unanswered. */
  ask<T>(asker: Asker, question: string, args: readonly unknown[]): Promise<T> {
    const start = (id: number) => {
      const own = this.#waiting.get(asker.who) ?? [];
      own.push({ id, question, args, deadline: performance.now() + this.#deadlineMs });
      this.#waiting.set(asker.who, own);
      this.#dispatch();
    };
    return this.#questions.ask<T>(asker, start, (id) => this.#cancel(id, asker.who));
  }

  minutes(...args: Parameters<HistoryReader['minutes']>): Promise<Candle[]> {
    return this.ask(OWN, 'minutes', args);
  }

  lastTrade(...args: Parameters<HistoryReader['lastTrade']>): Promise<StoredTrade | undefined> {
    return this.ask(OWN, 'lastTrade', args);
  }

  tradeAt(...args: Parameters<HistoryReader['tradeAt']>): Promise<number> {
    return this.ask(OWN, 'tradeAt', args);
  }

  volumePage(...args: Parameters<HistoryReader['volumePage']>): Promise<VolumePage> {
    return this.ask(OWN, 'volumePage', args);
  }

  clientIds(...args: Parameters<HistoryReader['clientIds']>): Promise<[id: number, clientId: string][]> {
    return this.ask(OWN, 'clientIds', args);
  }

  listsOf(...args: Parameters<HistoryReader['listsOf']>): Promise<OrderList[]> {
    return this.ask(OWN, 'wholeLists', args);
  }

  storedOrder(asker: Asker, ...args: [account: number, instrument: number, clientId: string]): Promise<Order | undefined> {
    return this.ask(asker, 'storedOrder', args);
  }

  status(): { open: number; threads: number } {
    return { open: this.#questions.size, threads: this.#readers.length };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#questions.failAll(new Unanswered('unavailable', 'the venue is stopping'));
    await Promise.all(this.#readers.map(({ worker }) => worker.terminate()));
  }

  #start(data: Omit<HistoryThreadData, 'cancelled'>, number: number, log: Logger): Reader {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const workerData: HistoryThreadData = { ...data, cancelled };
    const worker = new Worker(new URL('../threads/history-thread.ts', import.meta.url), { workerData, name: `history-${number}` });
    const reader: Reader = { worker, cancelled, current: 0 };
    worker.on('message', (message: HistoryMessage) => this.#take(reader, message));
    worker.on('error', (error) => {
      if (this.#isClosing) return;
      log.error({ thread: 'history', error: (error as Error).stack }, 'a history thread died; another takes its place');
      this.#questions.fail(reader.current, new Unanswered('unavailable', 'the history thread died'));
      setTimeout(() => {
        if (this.#isClosing) return;
        this.#readers[number] = this.#start(data, number, log);
        this.#dispatch();
      }, RESTART_MS).unref();
    });
    return reader;
  }

  #take(reader: Reader, { id, answer, error }: HistoryMessage): void {
    reader.current = 0;
    if (error === undefined) this.#questions.answer(id, answer);
    else this.#questions.fail(id, new Unanswered(error.code, error.message));
    this.#dispatch();
  }

  /** Gives free threads what waits. */
  #dispatch(): void {
    for (const reader of this.#readers) {
      if (reader.current !== 0) continue;
      const next = this.#next();
      if (next === undefined) return;
      reader.current = next.id;
      Atomics.store(reader.cancelled, CANCELLED, 0);
      reader.worker.postMessage({ ...next, leftMs: next.deadline - performance.now() });
    }
  }

  /** The first question of the asker whose turn it is, who goes to the end of the line. */
  #next(): Waiting | undefined {
    for (const [who, own] of this.#waiting) {
      this.#waiting.delete(who);
      const next = own.shift()!;
      if (own.length > 0) this.#waiting.set(who, own);
      return next;
    }
    return undefined;
  }

  #cancel(id: number, who: string): void {
    const own = this.#waiting.get(who);
    const place = own?.findIndex((waiting) => waiting.id === id) ?? -1;
    if (place >= 0) {
      own!.splice(place, 1);
      if (own!.length === 0) this.#waiting.delete(who);
      return;
    }
    const reader = this.#readers.find(({ current }) => current === id);
    if (reader !== undefined) Atomics.store(reader.cancelled, CANCELLED, id);
  }
}
