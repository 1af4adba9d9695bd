/** Starts the threads between the command ring and the event ring. */
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { EngineLimits } from '@outcry/engine/engine';
import { broken, LIMIT_NAMES } from '@outcry/engine/limits';
import type { Tail } from '@outcry/journal/journal-reader';
import type { JournalOptions } from '@outcry/journal/journal-writer';
import { COMMAND, commandHead } from '@outcry/market/command';
import { REPLAY_VERSION } from '@outcry/market/event';
import type { Outcome } from '@outcry/memory/libc';
import type { Recovery, RecoveryOptions } from '@outcry/replica/recovery';
import { type CommandFields, writeRecords } from './commands.ts';
import type { VenueMemory } from './shared.ts';
import { createVenueMemory, type EnginePools, JOURNAL_FAILED, Shared, type VenueMemoryOptions } from './shared.ts';
import { ANYWHERE, type ThreadPlacement, whenDead } from './thread.ts';

export interface CrewOptions {
  limits: EngineLimits;
  /** the rest of its options is found in the journal */
  journal: Omit<JournalOptions, 'journal' | 'version'>;
  /** see RecoveryOptions */
  stored?: RecoveryOptions['stored'];
  acceptLoss?: number;
  memory: VenueMemoryOptions;
  placement?: { engine?: ThreadPlacement; journal?: ThreadPlacement };
  failSyncAt?: number;
  /** Told what threads say: `full`, `room` and `failed` of the journal. */
  onNotice?: (notice: { kind: string; message?: string }) => void;
  /** A thread ended that nothing goes on without. All doors know by then that nothing is acknowledged any more. */
  onDeath?: (thread: string, error: Error) => void;
}

/** What the engine thread begins with. */
export interface EngineThreadData {
  limits: EngineLimits;
  /** where snapshots and segments lie */
  directory: string;
  stored: RecoveryOptions['stored'];
  acceptLoss: number | undefined;
  placement: ThreadPlacement;
}

/** What the journal thread begins with. */
export interface JournalThreadData {
  memory: VenueMemory;
  options: JournalOptions;
  tail: Tail | undefined;
  placement: ThreadPlacement;
  /** tests only: the fsync with this number, counted from 1, fails */
  failSyncAt?: number;
}

/** The threads between the command ring and the event ring: engine and journal, running. */
export interface Crew {
  readonly shared: Shared;
  readonly recovery: Recovery;
  readonly placed: Record<string, Outcome[]>;
  /** what the gateways keep in the journal, as recovery found it */
  readonly records: readonly (readonly [name: string, value: Uint8Array])[];
  /** the engine's pools, to be looked at */
  readonly pools: EnginePools;
  /** those that nothing goes on without, by their names */
  readonly threads: Record<string, Worker>;
  /** see CrewOptions; also of threads that were started later */
  died(thread: string, error: Error): void;
  /** Lets both threads finish what is in the ring, and ends them. */
  stop(): Promise<void>;
}

/** Recovers the engine from its directory and starts the threads. Rejects with what recovery throws; no thread is left then. */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const workers: Worker[] = [];
  try {
    return await startThreads(options, workers);
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

/** @param workers gets each thread that was started, also where that comes to nothing */
async function startThreads(options: CrewOptions, workers: Worker[]): Promise<Crew> {
  const { directory } = options.journal;
  fs.mkdirSync(directory, { recursive: true });
  const placed: Record<string, Outcome[]> = {};
  const { limits, stored, acceptLoss } = options;
  const engineData: EngineThreadData = { limits, directory, stored, acceptLoss, placement: options.placement?.engine ?? ANYWHERE };
  const engine = new Worker(new URL('../threads/engine-thread.ts', import.meta.url), { workerData: engineData, name: 'engine' });
  workers.push(engine);
  const first = await firstMessage<Pick<Crew, 'recovery' | 'pools' | 'records'> & { placed: Outcome[] }>(engine);
  placed.engine = first.placed;
  const { recovery } = first;
  const excess = recovery.limits === undefined ? undefined : broken(limits, recovery.inUse);
  if (excess !== undefined) {
    throw new Error(
      `limits.${excess} cannot be ${limits[excess]}: ${recovery.inUse[excess]} ${excess} are in use. Start with at least that many, as before` +
        ` (${recovery.limits?.[excess]}), and lower it when there are fewer`,
    );
  }
  const memory = createVenueMemory(recovery.sequence, options.memory);
  const journalData: JournalThreadData = {
    memory,
    options: { ...options.journal, journal: recovery.journal, version: REPLAY_VERSION },
    tail: recovery.tail,
    placement: options.placement?.journal ?? ANYWHERE,
    failSyncAt: options.failSyncAt,
  };
  const journal = new Worker(new URL('../threads/journal-thread.ts', import.meta.url), { workerData: journalData, name: 'journal' });
  workers.push(journal);
  placed.journal = (await firstMessage<{ placed: Outcome[] }>(journal)).placed;
  journal.on('message', (notice) => options.onNotice?.(notice));
  const shared = new Shared(memory);
  const died = (thread: string, error: Error) => {
    shared.fail();
    options.onDeath?.(thread, error);
  };
  whenDead(
    engine,
    () => shared.stopping,
    (error) => died('engine', error),
  );
  // A journal that failed has said so, and its thread has ended well.
  whenDead(
    journal,
    () => shared.stopping || shared.journalState === JOURNAL_FAILED,
    (error) => died('journal', error),
  );
  engine.postMessage(memory);
  open(shared, recovery, limits);
  const ended = [engine, journal].map((worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())));
  return {
    shared,
    recovery,
    placed,
    threads: { engine, journal },
    died,
    pools: first.pools,
    records: first.records,
    stop: async () => {
      shared.stop();
      await Promise.all(ended);
    },
  };
}

/**
 * The venue's first command, before any door is open: its limits where they are new, else one that changes nothing. A crash can leave a
 * text or an order's terms without their order, and the next command must not take them for its own.
 */
function open(shared: Shared, recovery: Recovery, limits: EngineLimits): void {
  const isSame = recovery.limits !== undefined && LIMIT_NAMES.every((name) => recovery.limits![name] === limits[name]);
  const fields: CommandFields = isSame
    ? { head: commandHead(COMMAND.CLOCK) }
    : {
        head: commandHead(COMMAND.SET_LIMITS),
        quantity: limits.orders,
        account: limits.accounts,
        asset: limits.assets,
        price: limits.instruments,
      };
  const ring = shared.commands;
  const at = ring.claim(1);
  writeRecords(ring.i32, ring.f64, () => ring.wordOf(at), fields, shared.clock.now());
  ring.publish(at, 1);
  shared.engineBell.ring();
  shared.journalBell.ring();
}

/** A worker's first message; rejects with the error that it dies of before. */
export function firstMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number) => reject(new Error(`a thread ended with code ${code} before it began`));
    worker.once('error', reject);
    worker.once('exit', ended);
    worker.once('message', (message: T) => {
      worker.off('error', reject);
      worker.off('exit', ended);
      resolve(message);
    });
  });
}
