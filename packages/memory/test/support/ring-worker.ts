// A producer or a consumer of a ring, in a thread of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { Bell } from '../../src/bell.ts';
import { ManyToManyRing, type RingMemory } from '../../src/many-to-many-ring.ts';

export interface RingWork {
  readonly role: 'producer' | 'consumer';
  readonly memory: RingMemory;
  readonly bells: SharedArrayBuffer;
  readonly number: number;
  /** records this producer writes, or this consumer reads */
  readonly count: number;
}

const { role, memory, bells, number, count } = workerData as RingWork;
const ring = new ManyToManyRing(memory);

if (role === 'producer') produce();
else parentPort?.postMessage(consume());

/** Writes batches of 1 to 3 records: who wrote it, its number, and a check over both. */
function produce(): void {
  const bell = new Bell(bells, 0);
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
    bell.ring();
    done += batch;
  }
}

/** Reads all records. Returns how many were torn or out of their producer's order. */
function consume(): { read: number; wrong: number } {
  const bell = new Bell(bells, 0);
  const next: number[] = [];
  let read = 0;
  let wrong = 0;
  let position = memory.start;
  while (read < count) {
    if (ring.published() === position) {
      bell.prepare();
      if (ring.published() === position) bell.wait(100);
      else bell.cancel();
    }
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
