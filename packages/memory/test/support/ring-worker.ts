// A producer or a consumer of a ring, in a thread of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { Bell } from '../../src/bell.ts';
import { Ring } from '../../src/ring.ts';
import type { Span } from '../../src/span.ts';
import { Waiter, type WaitStrategy, type Work } from '../../src/waiter.ts';

export interface RingWork {
  readonly role: 'producer' | 'consumer';
  readonly memory: Span;
  readonly bells: Span;
  readonly number: number;
  readonly wait: WaitStrategy;
  /** records this producer writes, or this consumer reads */
  readonly count: number;
}

const { role, memory, bells, number, wait, count } = workerData as RingWork;
/** A bell a consumer. */
const MOST_CONSUMERS = 2;

const ring = new Ring(memory);

if (role === 'producer') produce();
else parentPort?.postMessage(consume());

/** Writes batches of 1 to 3 records: who wrote it, its number, and a check over both. */
function produce(): void {
  const all = Array.from({ length: MOST_CONSUMERS }, (_, i) => new Bell(bells, i));
  for (let done = 0; done < count; ) {
    const batch = Math.min(1 + (done % 3), count - done);
    const first = ring.claim(batch);
    if (first < 0) continue;
    for (let i = 0; i < batch; i++) {
      const at = ring.wordOf(first + i);
      ring.i32[at] = number;
      ring.i32[at + 1] = done + i;
      ring.i32[at + 2] = Math.imul(number + 1, done + i);
    }
    ring.publish(first, batch);
    for (const bell of all) bell.ring();
    done += batch;
  }
}

/** Reads all records. Returns how many were torn or out of their producer's order. */
function consume(): { read: number; wrong: number } {
  const waiter = new Waiter(new Bell(bells, number), wait);
  const records: Work = { ready: () => ring.published() !== position };
  const next: number[] = [];
  let read = 0;
  let wrong = 0;
  let position = ring.start;
  while (read < count) {
    if (!records.ready()) waiter.wait(records);
    const published = ring.published();
    for (; position < published; position++, read++) {
      const at = ring.wordOf(position);
      const producer = ring.i32[at];
      const value = ring.i32[at + 1];
      if (value !== (next[producer] ?? 0) || ring.i32[at + 2] !== Math.imul(producer + 1, value)) wrong++;
      next[producer] = value + 1;
    }
    ring.release(number, position);
  }
  return { read, wrong };
}
