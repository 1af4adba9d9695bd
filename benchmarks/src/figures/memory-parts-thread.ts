// One of the threads that measure a pool or a ring together. Posts one number, as its kind says.
import { parentPort, workerData } from 'node:worker_threads';
import { openPool } from '@outcry/memory/guarded-pool';
import { Ring } from '@outcry/memory/ring';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { i32Of, type Span } from '@outcry/memory/span';
import { Histogram } from '@outcry/telemetry/histogram';

raiseInliningBudget();

export interface ThreadWork {
  readonly kind: 'pairs' | 'produce' | 'consume' | 'ping' | 'pong';
  readonly span: Span;
  readonly other?: Span;
  readonly count: number;
  /** all threads begin when all are there */
  readonly gate: Span;
  readonly threads: number;
}

const work = workerData as ThreadWork;
const WARM_UP = 2_000_000;
const PUBLISH = 64;
const WORDS = 16;

const kinds: Record<ThreadWork['kind'], () => number> = { pairs, produce, consume, ping, pong };
parentPort!.postMessage(kinds[work.kind]());

function meet(): void {
  const gate = i32Of(work.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < work.threads);
}

/** Seconds for so many pairs. */
function pairs(): number {
  const pool = openPool(work.span);
  const run = (count: number) => {
    for (let i = 0; i < count; i++) if (!pool.give(pool.take())) throw new Error('a block was refused');
  };
  run(WARM_UP);
  run(WARM_UP);
  meet();
  const since = performance.now();
  run(work.count);
  return (performance.now() - since) / 1000;
}

/** Writes 64-byte messages, 64 at a time, each with its number in all 16 words. */
function produce(): number {
  const ring = new Ring(work.span);
  meet();
  for (let sent = 0; sent < work.count; sent += PUBLISH) {
    let first = ring.claim(PUBLISH);
    while (first < 0) first = ring.claim(PUBLISH);
    fill(ring, first, PUBLISH);
    ring.publish(first, PUBLISH);
  }
  return 0;
}

function fill(ring: Ring, first: number, count: number): void {
  const words = ring.i32;
  for (let i = 0; i < count; i++) {
    const at = ring.wordOf(first + i);
    const value = (first + i) | 0;
    for (let word = 0; word < WORDS; word += 4) {
      words[at + word] = value;
      words[at + word + 1] = value;
      words[at + word + 2] = value;
      words[at + word + 3] = value;
    }
  }
}

/** Reads every word of every message and checks it. Returns seconds. */
function consume(): number {
  const ring = new Ring(work.span);
  const expected = work.count - (work.count % PUBLISH) + (work.count % PUBLISH === 0 ? 0 : PUBLISH);
  meet();
  const since = performance.now();
  let position = 0;
  let wrong = 0;
  while (position < expected) {
    const published = ring.published();
    wrong |= check(ring, position, published);
    position = published;
    ring.release(0, position);
  }
  if (wrong !== 0) throw new Error('a message was torn or lost');
  return (performance.now() - since) / 1000;
}

function check(ring: Ring, from: number, to: number): number {
  const words = ring.i32;
  let wrong = 0;
  for (let position = from; position < to; position++) {
    const at = ring.wordOf(position);
    for (let word = 0; word < WORDS; word += 4) {
      wrong |=
        (words[at + word] ^ position) |
        (words[at + word + 1] ^ position) |
        (words[at + word + 2] ^ position) |
        (words[at + word + 3] ^ position);
    }
  }
  return wrong;
}

/** Sends a message and waits for it to come back, spinning. Returns the median in nanoseconds. */
function ping(): number {
  const [there, back] = [new Ring(work.span), new Ring(work.other!)];
  const histogram = new Histogram();
  meet();
  for (let trip = 0; trip < work.count; trip++) {
    const since = process.hrtime.bigint();
    send(there, trip);
    while (back.published() === trip);
    if (back.i32[back.wordOf(trip)] !== trip) throw new Error('another message came back');
    back.release(0, trip + 1);
    if (trip >= work.count / 10) histogram.record(Number(process.hrtime.bigint() - since));
  }
  return histogram.percentile(0.5);
}

function pong(): number {
  const [there, back] = [new Ring(work.span), new Ring(work.other!)];
  meet();
  for (let trip = 0; trip < work.count; trip++) {
    while (there.published() === trip);
    const value = there.i32[there.wordOf(trip)];
    there.release(0, trip + 1);
    send(back, value);
  }
  return 0;
}

function send(ring: Ring, value: number): void {
  const first = ring.claim(1);
  if (first < 0) throw new Error('the ring is full of messages that were read');
  ring.i32[ring.wordOf(first)] = value;
  ring.publish(first, 1);
}
