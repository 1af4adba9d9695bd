/** Publisher threads as the order lane sees them: connections and questions handed to them, and their end. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { Bell } from '@outcry/memory/bell';
import { createRing, Ring } from '@outcry/memory/ring';
import { sequenceBytes } from '@outcry/memory/sequence';
import { reserve } from '@outcry/memory/span';
import type { Logger } from 'pino';
import { MarketQueue } from '../../core/feeds/market-queue.ts';
import type { MarketState } from '../../core/feeds/market-state.ts';
import { record } from '../../core/feeds/record.ts';
import type { StreamFault } from '../../domain/stream-fault.ts';
import { firstMessage } from '../../spine/crew.ts';
import { type Asker, Questions, Unanswered } from '../../spine/questions.ts';
import { BridgedSource, BridgeEnd, type ListenedSource } from './bridge.ts';
import { giveUpSocket, type HandedOver, pipeSocket } from './hand-over.ts';
import type { PublicArguments, PublicQuestion } from './public-data.ts';
import type { FromPublisher, PublisherThreadData, ToPublisher } from './publisher-messages.ts';
import type { StreamSource } from './streams.ts';

/** Questions without an answer: in all, and of one address or account. */
const MOST = 4096;
const MOST_EACH = 128;
/** Milliseconds before another thread takes the place of one that died. */
const RESTART_MS = 500;

type ThreadSettings = Omit<PublisherThreadData, 'ring' | 'bell' | 'pipe' | 'isSuccessor'>;

interface PublisherSettings extends ThreadSettings {
  count: number;
  slots: number;
  deadlineMs: number;
  /** whether sockets cannot be handed over, and are piped */
  mustPipe: boolean;
  log: Logger;
}

interface Publisher {
  readonly number: number;
  /** another one once it died */
  worker: Worker;
  readonly queue: MarketQueue;
  readonly pipe: string | undefined;
  /** its streams, for connections of the order lane */
  readonly market: BridgedSource;
  readonly users: BridgeEnd;
  /** what to do when a connection of its is gone, by the connection's number */
  readonly left: Map<number, () => void>;
  status: { streams: number; subscriptions: number };
  isAlive: boolean;
}

/** The threads of the second lane, as the order lane sees them. */
export class Publishers {
  readonly #all: Publisher[] = [];
  readonly #questions: Questions;
  readonly #folder: string | undefined;
  readonly #log: Logger;
  /** threads that take the place of others, until they have begun */
  readonly #starting = new Set<Worker>();
  #lastConnection = 0;
  #isClosing = false;

  private constructor(deadlineMs: number, folder: string | undefined, log: Logger) {
    this.#questions = new Questions({ most: MOST, mostEach: MOST_EACH, deadlineMs });
    this.#folder = folder;
    this.#log = log;
  }

  /** Starts the threads; resolves when they have loaded what the store has. @param users account events, for connections of publishers */
  static async start(settings: PublisherSettings, states: readonly MarketState[], users: ListenedSource): Promise<Publishers> {
    const { count, slots, deadlineMs, mustPipe, log, ...data } = settings;
    const folder = mustPipe ? fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-')) : undefined;
    const publishers = new Publishers(deadlineMs, folder, log);
    const starting = Array.from({ length: count }, (_, i) => publishers.#start(data, slots, states, users, i));
    await Promise.all(starting);
    return publishers;
  }

  /** Where what the public may know goes: one for each thread. */
  get queues(): MarketQueue[] {
    return this.#all.map(({ queue }) => queue);
  }

  /** Streams of publishers for connections of the order lane. */
  get streams(): StreamSource {
    return this.#all[0].market;
  }

  /** A turn of the order lane is over. */
  endTurn(): void {
    for (const { queue } of this.#all) queue.endTurn();
  }

  /** Asks a publisher, which answers when it knows what the order lane knows now. Resolves to JSON. Rejects with Unanswered. */
  ask<Q extends PublicQuestion>(asker: Asker, question: Q, args: PublicArguments<Q>): Promise<string | undefined> {
    const publisher = this.#leastBusy();
    if (publisher === undefined) return Promise.reject(new Unanswered('unavailable', 'no publisher runs'));
    const { turn } = publisher.queue;
    const start = (id: number) => this.#send(publisher, { kind: 'ask', id, question, args: args as unknown[], turn });
    return this.#questions.ask<string | undefined>(asker, start, (id) => this.#send(publisher, { kind: 'cancel', id }));
  }

  /**
   * Gives a connection that asks for an upgrade to the publisher with the fewest. Returns whether one took it.
   * @param left called when it is gone
   */
  handOver(socket: Duplex, request: Omit<HandedOver, 'id'>, left: () => void): boolean {
    const publisher = this.#leastBusy();
    if (publisher === undefined) return false;
    const id = ++this.#lastConnection;
    if (publisher.pipe !== undefined) {
      publisher.left.set(id, left);
      pipeSocket(socket, publisher.pipe, { ...request, id });
      socket.on('close', () => this.#leave(publisher, id)); // also when the publisher never heard of it
    } else {
      const fd = giveUpSocket(socket);
      if (fd < 0) return false;
      publisher.left.set(id, left);
      this.#send(publisher, { kind: 'socket', fd, handed: { ...request, id } });
    }
    return true;
  }

  /** A demo's faults: what goes wrong with market streams from now on. */
  setFaults(faults: readonly StreamFault[]): void {
    for (const publisher of this.#all) this.#send(publisher, { kind: 'faults', faults });
  }

  /** A demo's fault: everybody who reads market streams is disconnected. */
  disconnectAll(): void {
    for (const publisher of this.#all) this.#send(publisher, { kind: 'disconnect' });
  }

  status(): object[] {
    return this.#all.map(({ queue, left, status, isAlive }) => ({
      state: isAlive ? 'ok' : 'dead',
      connections: left.size,
      ...status,
      queued: queue.backlog.records,
      droppedTrades: queue.droppedTrades,
    }));
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#questions.failAll(new Unanswered('unavailable', 'the venue is stopping'));
    await Promise.all([...this.#starting].map((worker) => worker.terminate()));
    await Promise.all(
      this.#all.map(async (publisher) => {
        publisher.queue.close();
        if (!publisher.isAlive) return;
        const ended = new Promise<void>((resolve) => publisher.worker.once('exit', () => resolve()));
        this.#send(publisher, { kind: 'stop' });
        await ended;
      }),
    );
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(data: ThreadSettings, slots: number, states: readonly MarketState[], users: ListenedSource, number: number): Promise<void> {
    const pipe = this.#folder && pipePath(this.#folder, number);
    const launch = (isSuccessor: boolean) => launchThread(number, slots, { ...data, pipe, isSuccessor });
    const { worker, ring, bell } = launch(false);
    const tell = (message: ToPublisher) => this.#send(publisher, message);
    const publisher: Publisher = {
      number,
      worker,
      queue: new MarketQueue(ring, bell, states),
      pipe,
      market: new BridgedSource((message) => tell({ kind: 'market', message })),
      users: new BridgeEnd((message) => tell({ kind: 'users', message }), users),
      left: new Map(),
      status: { streams: 0, subscriptions: 0 },
      isAlive: true,
    };
    this.#all[number] = publisher;
    await this.#watch(publisher, worker, () => this.#restart(publisher, states, launch));
  }

  /** Waits until a thread has begun, and listens to it from then on. Rejects with what it died of before. */
  async #watch(publisher: Publisher, worker: Worker, onDeath: () => void): Promise<void> {
    const { warning } = await firstMessage<{ warning?: string }>(worker);
    if (warning !== undefined) this.#log.warn({ thread: 'publisher' }, warning);
    worker.on('message', (message: FromPublisher) => this.#take(publisher, message));
    worker.on('error', (error) => {
      const { stack } = error as Error;
      this.#log.error({ thread: 'publisher', error: stack }, 'a publisher died: another takes its place; its clients are disconnected');
    });
    worker.on('exit', () => {
      this.#bury(publisher);
      if (!this.#isClosing) onDeath();
    });
  }

  /** Starts a thread in the place of one that died. It is told of the markets as they are; the store has what was traded before. */
  #restart(publisher: Publisher, states: readonly MarketState[], launch: (isSuccessor: boolean) => Launched): void {
    const again = async () => {
      if (this.#isClosing) return;
      const { worker, ring, bell } = launch(true);
      this.#starting.add(worker);
      try {
        await this.#watch(publisher, worker, () => this.#restart(publisher, states, launch));
      } catch (error) {
        if (this.#isClosing) return;
        this.#log.error({ thread: 'publisher', error: (error as Error).stack }, 'a publisher died at its start: another takes its place');
        this.#restart(publisher, states, launch);
        return;
      } finally {
        this.#starting.delete(worker);
      }
      publisher.worker = worker;
      publisher.isAlive = true;
      this.#send(publisher, { kind: 'begin', lastTrades: states.map(({ lastTradeId }) => lastTradeId) });
      publisher.queue.restart(ring, bell);
      publisher.market.joinAgain();
    };
    setTimeout(again, RESTART_MS).unref();
  }

  #take(publisher: Publisher, message: FromPublisher): void {
    switch (message.kind) {
      case 'answer':
        this.#questions.answer(message.id, message.json);
        break;
      case 'left':
        this.#leave(publisher, message.id);
        break;
      case 'users':
        publisher.users.take(message.message);
        break;
      case 'market':
        publisher.market.take(message.message);
        break;
      case 'warning':
        this.#log.warn({ thread: 'publisher' }, message.text);
        break;
      case 'status':
        publisher.status = message.status;
    }
  }

  #leave(publisher: Publisher, id: number): void {
    publisher.left.get(id)?.();
    publisher.left.delete(id);
  }

  #bury(publisher: Publisher): void {
    publisher.isAlive = false;
    publisher.queue.close();
    publisher.users.close();
    for (const id of [...publisher.left.keys()]) this.#leave(publisher, id);
    if (!this.#isClosing) this.#questions.failAll(new Unanswered('unavailable', 'the publisher died'));
  }

  #leastBusy(): Publisher | undefined {
    let best: Publisher | undefined;
    for (const publisher of this.#all) {
      if (publisher.isAlive && (best === undefined || publisher.left.size < best.left.size)) best = publisher;
    }
    return best;
  }

  #send(publisher: Publisher, message: ToPublisher): void {
    if (publisher.isAlive) publisher.worker.postMessage(message);
  }
}

interface Launched {
  worker: Worker;
  ring: Ring;
  bell: Bell;
}

/** A thread with a queue of its own. */
function launchThread(number: number, slots: number, data: Omit<PublisherThreadData, 'ring' | 'bell'>): Launched {
  const ring = createRing({ capacity: slots, slotWords: record.WORDS });
  const bell = reserve(sequenceBytes(1));
  const workerData: PublisherThreadData = { ...data, ring, bell };
  const worker = new Worker(new URL('../../threads/publisher-thread.ts', import.meta.url), { workerData, name: `publisher-${number}` });
  return { worker, ring: new Ring(ring), bell: new Bell(bell, 0) };
}

function pipePath(folder: string, number: number): string {
  const name = `publisher-${number}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}-${name}` : path.join(folder, name);
}
