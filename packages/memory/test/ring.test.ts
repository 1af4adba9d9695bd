/** The ring, with one and many producers and consumers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { createRing, Ring, type RingOptions } from '../src/ring.ts';
import { sequenceBytes } from '../src/sequence.ts';
import { i32Of, reserve } from '../src/span.ts';
import { distances, starts } from './support/distances.ts';
import { elapse } from './support/elapse.ts';
import type { RingWork } from './support/ring-worker.ts';

/** Writes a position's low bits into its slot. */
function memoryOf(ring: Ring, position: number, value: number): void {
  ring.i32[ring.wordOf(position)] = value | 0;
}

function start(work: RingWork): Worker {
  return new Worker(new URL('./support/ring-worker.ts', import.meta.url), { workerData: work });
}

describe('ring', () => {
  it('says when it is full, and has room again when the slowest consumer has moved on', () => {
    const ring = new Ring(createRing({ capacity: 4, slotWords: 4, consumers: 2 }));
    const first = ring.claim(4);
    ring.publish(first, 4);
    assert.equal(ring.claim(1), -1);
    ring.release(0, 4);
    assert.equal(ring.claim(1), -1);
    ring.release(1, 2);
    assert.equal(ring.claim(3), -1);
    assert.equal(ring.claim(2), 4);
  });

  it('shows consumers nothing that is claimed and not published', () => {
    const ring = new Ring(createRing({ capacity: 8, slotWords: 4 }));
    const first = ring.claim(3);
    assert.equal(ring.published(), 0);
    ring.publish(first, 3);
    assert.equal(ring.published(), 3);
    assert.equal(ring.gate(0), 0);
  });

  for (const producers of ['one', 'many'] as const) {
    it(`goes on past 2^32 records (${producers} producing)`, () => {
      const start = 2 ** 32 - 3;
      const memory = createRing({ capacity: 4, slotWords: 4, producers, start });
      const [producer, consumer] = [new Ring(memory), new Ring(memory)];
      for (let i = 0; i < 20; i++) {
        assert.equal(producer.claim(1), start + i);
        producer.publish(start + i, 1);
        assert.equal(producer.inUse(), 1);
        assert.equal(consumer.published(), start + i + 1);
        consumer.release(0, start + i + 1);
      }
      assert.equal(new Ring(memory).published(), start + 20);
      assert.equal(new Ring(memory).claim(1), start + 20, 'a producer that comes later goes on where the last one was');
    });
  }

  it('lets a single producer write up to its limit, and publish all of it at once', () => {
    const memory = createRing({ capacity: 8, slotWords: 2 });
    const [producer, consumer] = [new Ring(memory), new Ring(memory)];
    assert.equal(producer.limit(), 8);
    producer.publishUntil(5);
    assert.equal(consumer.published(), 5);
    consumer.release(0, 3);
    assert.equal(producer.limit(), 11);
    assert.equal(producer.claim(6), 5);
    assert.equal(producer.claim(1), -1);
  });

  it('lets a producer publish while one that claimed before it has not, and shows consumers neither', () => {
    const memory = createRing({ capacity: 8, slotWords: 2, producers: 'many' });
    const [slow, fast, consumer] = [new Ring(memory), new Ring(memory), new Ring(memory)];
    const first = slow.claim(2);
    const second = fast.claim(3);
    fast.publish(second, 3);
    assert.equal(consumer.published(), 0);
    assert.equal(consumer.inUse(), 5);
    slow.publish(first, 2);
    assert.equal(consumer.published(), 5);
    consumer.release(0, 1); // in the middle of a batch
    assert.equal(new Ring(memory).published(), 5, 'one that comes later begins there');
  });

  /** What one of several participants does next: see the model below. */
  const turns = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), who: fc.nat(2), count: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), which: fc.nat(7) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), who: fc.nat(1), count: fc.integer({ min: 1, max: 8 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('elapse' as const), by: distances }) },
    ),
    { maxLength: 80 },
  );

  it('is what plain numbers say, whoever publishes first, sleeps for 2^31 records, or comes late', () => {
    fc.assert(
      fc.property(starts, turns, (start, todo) => {
        const options: RingOptions = { capacity: 8, slotWords: 2, consumers: 2, producers: 'many', start };
        const memory = createRing(options);
        const producers = [0, 1, 2].map(() => new Ring(memory));
        let readers = [0, 1].map(() => new Ring(memory));
        const observer = new Ring(memory);
        let claimed = start;
        let gates = [start, start];
        let openClaims: { who: number; first: number; count: number }[] = [];
        const publishedEnd = () => Math.min(claimed, ...openClaims.map(({ first }) => first));
        for (const turn of todo) {
          if (turn.do === 'claim') {
            const fits = claimed + turn.count - Math.min(...gates) <= 8;
            assert.equal(producers[turn.who].claim(turn.count), fits ? claimed : -1);
            if (!fits) continue;
            const claim = { who: turn.who, first: claimed, count: turn.count };
            for (let i = 0; i < claim.count; i++) memoryOf(producers[0], claim.first + i, claim.first + i);
            openClaims.push(claim);
            claimed += turn.count;
          } else if (turn.do === 'publish' && openClaims.length > 0) {
            const [{ who, first, count }] = openClaims.splice(turn.which % openClaims.length, 1);
            producers[who].publish(first, count);
          } else if (turn.do === 'read') {
            const ring = readers[turn.who];
            assert.equal(ring.published(), publishedEnd());
            const until = Math.min(publishedEnd(), gates[turn.who] + turn.count);
            for (let at = gates[turn.who]; at < until; at++) assert.equal(ring.i32[ring.wordOf(at)], at | 0);
            ring.release(turn.who, until);
            gates[turn.who] = until;
          } else if (turn.do === 'look') {
            for (const ring of [observer, new Ring(memory)]) {
              assert.equal(ring.published(), publishedEnd());
              assert.equal(ring.inUse(), claimed - Math.min(...gates));
              assert.deepEqual([ring.gate(0), ring.gate(1)], gates);
            }
          } else if (turn.do === 'elapse') {
            for (const { who, first, count } of openClaims) producers[who].publish(first, count);
            openClaims = [];
            claimed += turn.by;
            gates = [claimed, claimed];
            elapse(memory, options, claimed);
            readers = readers.map(() => new Ring(memory)); // those who read were there: they are where the ring is
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  for (const distance of [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 2 ** 31]) {
    it(`takes what a producer sends after ${distance} records of others`, () => {
      const options: RingOptions = { capacity: 8, slotWords: 2, producers: 'many', start: 3 };
      const memory = createRing(options);
      const idle = new Ring(memory);
      elapse(memory, options, 3 + distance);
      const [busy, consumer] = [new Ring(memory), new Ring(memory)];
      assert.equal(idle.published(), 3 + distance);
      for (const [turn, producer] of [idle, busy, idle, busy].entries()) {
        const position = 3 + distance + turn;
        assert.equal(producer.claim(1), position);
        producer.publish(position, 1);
        assert.equal(consumer.published(), position + 1);
        consumer.release(0, position + 1);
      }
    });
  }

  it('gives a producer the place that is its own after it slept for 2^32 records between its look and its claim', (t) => {
    const options: RingOptions = { capacity: 8, slotWords: 2, producers: 'many' };
    const memory = createRing(options);
    const ring = new Ring(memory);
    const { compareExchange } = Atomics;
    t.mock.method(Atomics, 'compareExchange', (...args: Parameters<typeof compareExchange>) => {
      t.mock.restoreAll();
      elapse(memory, options, 2 ** 32); // the same 32 bits as before
      return compareExchange(...args);
    });
    assert.equal(ring.claim(3), 2 ** 32);
    ring.publish(2 ** 32, 3);
    assert.equal(new Ring(memory).published(), 2 ** 32 + 3);
  });

  it('refuses shapes that no ring has', () => {
    assert.throws(() => createRing({ capacity: 6, slotWords: 4 }), /power of two/);
    assert.throws(() => createRing({ capacity: 2 ** 29, slotWords: 2 }), /at most 268435456/);
    assert.throws(() => createRing({ capacity: 8, slotWords: 3 }), /must be even/);
    assert.throws(() => createRing({ capacity: 8, slotWords: 4, consumers: 0 }), /at least 1/);
  });

  it('is not attached to where there is none, or where its head was overwritten', () => {
    assert.throws(() => new Ring(reserve(4096)), /no RING here/);
    const memory = createRing({ capacity: 8, slotWords: 4 });
    i32Of(memory)[3] = 16;
    assert.throws(() => new Ring(memory), /head of a RING was overwritten/);
    i32Of(memory)[1] = 9;
    assert.throws(() => new Ring(memory), /version 9/);
  });

  const shapes = [
    { producers: 1, consumers: 1, name: 'one to one' },
    { producers: 2, consumers: 1, name: 'many to one' },
    { producers: 1, consumers: 2, name: 'one to many' },
    { producers: 2, consumers: 2, name: 'many to many' },
    { producers: 4, consumers: 2, name: 'more than there are cores' },
  ];
  for (const { producers, consumers, name } of shapes) {
    it(`brings every record to every consumer, whole and in its producer's order, ${name}`, async () => {
      const each = 60_000;
      const memory = createRing({ capacity: 64, slotWords: 4, consumers, producers: producers > 1 ? 'many' : 'one' });
      const bells = reserve(sequenceBytes(2));
      const strategies = ['park', 'adaptive'] as const;
      const readers = Array.from({ length: consumers }, (_, number) =>
        start({ role: 'consumer', memory, bells, number, count: producers * each, wait: strategies[number] }),
      );
      const answers = readers.map((reader) => once(reader, 'message'));
      for (let number = 0; number < producers; number++) start({ role: 'producer', memory, bells, number, count: each, wait: 'park' });
      for (const [answer] of await Promise.all(answers)) assert.deepEqual(answer, { read: producers * each, wrong: 0 });
    });
  }
});
