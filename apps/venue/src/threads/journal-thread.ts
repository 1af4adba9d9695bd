import { parentPort, workerData } from 'node:worker_threads';
import { type JournalOptions, JournalWriter, realDisk } from '@outcry/journal/journal-writer';
import { command } from '@outcry/market/command';
import { sleepThread } from '@outcry/memory/bell';
import { Waiter, type Work } from '@outcry/memory/waiter';
import { JOURNAL_FAILED, JOURNAL_FULL, JOURNAL_GATE, JOURNAL_OK, Shared, type VenueMemory } from './shared.ts';
import { place, type ThreadPlacement } from './thread.ts';

export interface JournalThreadData {
  memory: VenueMemory;
  options: JournalOptions;
  tail: { path: string; offset: number } | undefined;
  placement: ThreadPlacement;
  /** tests only: the fsync with this number, counted from 1, fails */
  failSyncAt?: number;
}

/** Milliseconds before a full disk is tried again. */
const RETRY_FULL_MS = 100;

const { memory, options, tail, placement, failSyncAt } = workerData as JournalThreadData;
const port = parentPort!;
const shared = new Shared(memory);
const ring = shared.commands;
const writer = new JournalWriter(options, memory.start + 1, tail, failSyncAt === undefined ? realDisk : failingDisk(failSyncAt));
port.postMessage({ kind: 'placed', placed: place(placement) });
try {
  run();
} catch (error) {
  shared.journalState = JOURNAL_FAILED;
  shared.ringReaders();
  port.postMessage({ kind: 'failed', message: (error as Error).message });
}
port.close();

function run(): void {
  let position = ring.start;
  const commands: Work = { ready: () => ring.published() !== position || shared.stopping };
  const waiter = new Waiter(shared.journalBell, memory.wait, placement.realTimePriority > 0);
  for (;;) {
    const end = ring.published();
    if (position === end) {
      if (shared.stopping) break;
      waiter.wait(commands);
      continue;
    }
    const room = openRoom();
    if (room === 0) continue;
    const count = Math.min(end - position, room);
    appendFrom(position, count);
    position += count;
    shared.durable.publish(position);
    ring.release(JOURNAL_GATE, position);
    shared.ringReaders();
    shared.followerBell.ring();
  }
  writer.close();
}

/** Room for the next batch; 0 while the disk is full, after a short wait. */
function openRoom(): number {
  try {
    const room = writer.batchRoom();
    if (shared.journalState === JOURNAL_FULL) {
      shared.journalState = JOURNAL_OK;
      port.postMessage({ kind: 'room' });
    }
    return room;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    if (shared.journalState !== JOURNAL_FULL) {
      shared.journalState = JOURNAL_FULL;
      shared.ringReaders();
      port.postMessage({ kind: 'full', message: (error as Error).message });
    }
    if (shared.stopping) throw error;
    sleepThread(RETRY_FULL_MS);
    return 0;
  }
}

function appendFrom(position: number, count: number): void {
  const slot = position & (ring.capacity - 1);
  const untilWrap = Math.min(count, ring.capacity - slot);
  const first = ring.bytes.subarray(slot * command.BYTES, (slot + untilWrap) * command.BYTES);
  writer.append(first, count > untilWrap ? ring.bytes.subarray(0, (count - untilWrap) * command.BYTES) : undefined);
}

function failingDisk(at: number): typeof realDisk {
  let syncs = 0;
  return {
    write: realDisk.write,
    sync: (fd) => {
      if (++syncs >= at) throw Object.assign(new Error('EIO: i/o error, fdatasync (injected)'), { code: 'EIO' });
      realDisk.sync(fd);
    },
  };
}
