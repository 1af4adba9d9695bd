/** The thread of the journal: writes the command ring to the disk, a batch at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { isShortage, type JournalDisk, RealDisk, realDisk } from '@outcry/journal/disk';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { command } from '@outcry/market/command';
import { sleepThread } from '@outcry/memory/bell';
import { Waiter, type Work } from '@outcry/memory/waiter';
import type { JournalThreadData } from '../spine/crew.ts';
import { JOURNAL_FAILED, JOURNAL_FULL, JOURNAL_GATE, JOURNAL_OK, Shared } from '../spine/shared.ts';
import { place } from '../spine/thread.ts';

/** Milliseconds before what was short (room on the disk, a file descriptor) is tried again. */
const RETRY_MS = 100;
/** Milliseconds between looks for the next segment. */
const LOOK_FOR_SPARE_MS = 100;

const { memory, options, tail, placement, failSyncAt } = workerData as JournalThreadData;
const port = parentPort!;
const shared = new Shared(memory);
const ring = shared.commands;
let lookedForSpare = 0;
let isNoteReported = false;
const disk = failSyncAt === undefined ? realDisk : failingDisk(failSyncAt);
const writer = new JournalWriter(options, memory.start + 1, tail, disk);
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
    prepare();
    const end = ring.published();
    if (position === end) {
      if (shared.stopping) break;
      waiter.wait(commands);
      continue;
    }
    try {
      const count = Math.min(end - position, writer.batchRoom());
      appendFrom(position, count);
      position += count;
    } catch (error) {
      waitOut(error);
      continue;
    }
    if (shared.journalState === JOURNAL_FULL) goOn();
    shared.durable.publish(position);
    ring.release(JOURNAL_GATE, position);
    shared.ringReaders();
    shared.followerBell.ring();
  }
  writer.close();
}

/** Has the next segment open before it is needed, so that no shortage of descriptors stands in the way then. */
function prepare(): void {
  const now = performance.now();
  if (now - lookedForSpare < LOOK_FOR_SPARE_MS) return;
  lookedForSpare = now;
  writer.openSpare();
  if (writer.noteFailure === undefined || isNoteReported) return;
  isNoteReported = true;
  port.postMessage({ kind: 'mark', message: `what is durable cannot be noted beside the journal: ${writer.noteFailure.message}` });
}

/** What was short comes back: nothing is lost, and nothing more is accepted until then. Throws what is no shortage. */
function waitOut(error: unknown): void {
  if (!isShortage(error) || shared.stopping) throw error;
  if (shared.journalState !== JOURNAL_FULL) {
    shared.journalState = JOURNAL_FULL;
    shared.ringReaders();
    port.postMessage({ kind: 'full', message: (error as Error).message });
  }
  sleepThread(RETRY_MS);
}

function goOn(): void {
  shared.journalState = JOURNAL_OK;
  port.postMessage({ kind: 'room' });
}

function appendFrom(position: number, count: number): void {
  const slot = position & (ring.capacity - 1);
  const untilWrap = Math.min(count, ring.capacity - slot);
  const first = ring.bytes.subarray(slot * command.BYTES, (slot + untilWrap) * command.BYTES);
  writer.append(first, count > untilWrap ? ring.bytes.subarray(0, (count - untilWrap) * command.BYTES) : undefined);
}

function failingDisk(at: number): JournalDisk {
  let syncs = 0;
  class FailingDisk extends RealDisk {
    override sync(fd: number): void {
      if (++syncs >= at) throw Object.assign(new Error('EIO: i/o error, fdatasync (injected)'), { code: 'EIO' });
      super.sync(fd);
    }
  }
  return new FailingDisk();
}
