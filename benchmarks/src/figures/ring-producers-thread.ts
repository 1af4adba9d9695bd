// A producer or the consumer of a ring that many share. The consumer posts the seconds that all messages took.
import { parentPort, workerData } from 'node:worker_threads';
import { Bell, sleepThread } from '@outcry/memory/bell';
import { Ring } from '@outcry/memory/ring';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { i32Of, type Span } from '@outcry/memory/span';
import { Waiter, type Work } from '@outcry/memory/waiter';

raiseInliningBudget();

export interface ProducerWork {
  /** 0 and up: a producer; -1: the consumer */
  readonly producer: number;
  readonly span: Span;
  readonly bell: Span;
  /** messages of each producer, and how many producers there are */
  readonly count: number;
  readonly producers: number;
  /** all begin when all are there */
  readonly gate: Span;
}

const WORDS = 16;
const FROM = 0;
const NUMBER = 1;
/** A producer that finds the ring full comes back after so many milliseconds, as a door does. */
const FULL_MS = 0.05;

const work = workerData as ProducerWork;
const ring = new Ring(work.span);
const bell = new Bell(work.bell, 0);
if (work.producer >= 0) produce(ring);
else parentPort!.postMessage(consume(ring));

function meet(): void {
  const gate = i32Of(work.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < work.producers + 1) sleepThread(0.1);
}

/** Sends messages of 64 bytes, each by itself: who sent it, its number, and that number in the other words. */
function produce(ring: Ring): void {
  const { producer, count } = work;
  const words = ring.i32;
  meet();
  for (let number = 0; number < count; number++) {
    let position = ring.claim(1);
    while (position < 0) {
      sleepThread(FULL_MS);
      position = ring.claim(1);
    }
    const at = ring.wordOf(position);
    words[at + FROM] = producer;
    for (let word = NUMBER; word < WORDS; word++) words[at + word] = number;
    ring.publish(position, 1);
    bell.ring();
  }
}

/** Reads every message whole. Throws when one was lost, torn, doubled, or out of its producer's order. */
function consume(ring: Ring): number {
  const { count, producers } = work;
  const next = new Int32Array(producers);
  const waiter = new Waiter(bell, 'park');
  let position = 0;
  const messages: Work = { ready: () => ring.published() !== position };
  meet();
  const since = performance.now();
  while (position < count * producers) {
    if (!messages.ready()) waiter.wait(messages);
    const end = ring.published();
    if (!check(ring, position, end, next)) throw new Error('a message was lost, torn or out of order');
    position = end;
    ring.release(0, position);
  }
  if (next.some((number) => number !== count)) throw new Error('not every message of every producer came');
  return (performance.now() - since) / 1000;
}

function check(ring: Ring, from: number, to: number, next: Int32Array): boolean {
  const words = ring.i32;
  let wrong = 0;
  for (let position = from; position < to; position++) {
    const at = ring.wordOf(position);
    const producer = words[at + FROM];
    const expected = next[producer]++;
    for (let word = NUMBER; word < WORDS; word++) wrong |= words[at + word] ^ expected;
  }
  return wrong === 0;
}
