import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { EngineLimits } from '@outcry/engine/engine';
import type { JournalOptions } from '@outcry/journal/journal-writer';
import type { Outcome } from '@outcry/memory/libc';
import type { EngineThreadData } from './engine-thread.ts';
import type { JournalThreadData } from './journal-thread.ts';
import type { Recovery } from './recovery.ts';
import { createVenueMemory, type EnginePools, Shared, type VenueMemoryOptions } from './shared.ts';
import { ANYWHERE, type ThreadPlacement } from './thread.ts';

export interface CrewOptions {
  limits: EngineLimits;
  journal: JournalOptions;
  memory: VenueMemoryOptions;
  placement?: { engine?: ThreadPlacement; journal?: ThreadPlacement };
  failSyncAt?: number;
  /** Told what threads say: `full`, `room` and `failed` of the journal. */
  onNotice?: (notice: { kind: string; message?: string }) => void;
  /** A thread ended with an error: nothing goes on. */
  onDeath?: (thread: string, error: Error) => void;
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
  /** Lets both threads finish what is in the ring, and ends them. */
  stop(): Promise<void>;
}

/** Recovers the engine from its directory and starts the threads. Rejects with what recovery throws. */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const { directory } = options.journal;
  fs.mkdirSync(directory, { recursive: true });
  const placed: Record<string, Outcome[]> = {};
  const engineData: EngineThreadData = { limits: options.limits, directory, placement: options.placement?.engine ?? ANYWHERE };
  const engine = new Worker(new URL('./engine-thread.ts', import.meta.url), { workerData: engineData, name: 'engine' });
  const first = await firstMessage<Pick<Crew, 'recovery' | 'pools' | 'records'> & { placed: Outcome[] }>(engine);
  placed.engine = first.placed;
  const memory = createVenueMemory(first.recovery.sequence, options.memory);
  const journalData: JournalThreadData = {
    memory,
    options: options.journal,
    tail: first.recovery.tail,
    placement: options.placement?.journal ?? ANYWHERE,
    failSyncAt: options.failSyncAt,
  };
  const journal = new Worker(new URL('./journal-thread.ts', import.meta.url), { workerData: journalData, name: 'journal' });
  placed.journal = (await firstMessage<{ placed: Outcome[] }>(journal)).placed;
  journal.on('message', (notice) => options.onNotice?.(notice));
  engine.on('error', (error: Error) => options.onDeath?.('engine', error));
  journal.on('error', (error: Error) => options.onDeath?.('journal', error));
  engine.postMessage(memory);
  const shared = new Shared(memory);
  const ended = [engine, journal].map((worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())));
  return {
    shared,
    recovery: first.recovery,
    placed,
    pools: first.pools,
    records: first.records,
    stop: async () => {
      shared.stop();
      await Promise.all(ended);
    },
  };
}

/** A worker's first message; rejects with the error that it dies of before. */
export function firstMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: T) => {
      worker.off('error', reject);
      resolve(message);
    });
  });
}
