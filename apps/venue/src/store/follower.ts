/** Starts the follower thread. */
import { Worker } from 'node:worker_threads';
import type { EngineLimits } from '@outcry/engine/limits';
import type { Logger } from 'pino';
import type { VenueConfig } from '../domain/config.ts';
import { type Crew, firstMessage } from '../spine/crew.ts';
import type { VenueMemory } from '../spine/shared.ts';
import type { StoreAddress } from './store.ts';

/** What the follower thread begins with. */
export interface FollowerThreadData {
  memory: VenueMemory;
  /** see Recovery */
  journal: number;
  room: EngineLimits;
  unusable: readonly string[];
  directory: string;
  store: StoreAddress;
  /** a snapshot after so many commands, or so many milliseconds with at least one command */
  snapshotCommands: number;
  snapshotMs: number;
  keepSnapshots: number;
}

/** Starts the follower thread. Without it the venue trades on: it lacks its store and snapshots, which the journal makes up for. */
export async function startFollower(config: VenueConfig, crew: Crew, directory: string, store: StoreAddress, log: Logger): Promise<Worker> {
  const data: FollowerThreadData = {
    memory: crew.shared.memory,
    journal: crew.recovery.journal,
    room: crew.recovery.room,
    unusable: crew.recovery.unusable,
    directory,
    store,
    snapshotCommands: config.snapshotCommands,
    snapshotMs: config.snapshotMs,
    keepSnapshots: config.keepSnapshots,
  };
  const follower = new Worker(new URL('../threads/follower-thread.ts', import.meta.url), { workerData: data, name: 'follower' });
  follower.on('error', (error) =>
    log.error({ thread: 'follower', error: (error as Error).message }, 'the follower died: no store, no snapshots; trading goes on'),
  );
  await firstMessage(follower);
  follower.on('message', ({ kind, message }: { kind: string; message?: string }) => {
    if (message !== undefined) log[kind === 'back' ? 'info' : kind === 'diverged' ? 'fatal' : 'warn']({ thread: 'follower' }, message);
  });
  return follower;
}
