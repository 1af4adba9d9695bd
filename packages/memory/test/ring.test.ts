import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createRing, Ring } from '../src/ring.ts';
import { sequenceBytes } from '../src/sequence.ts';
import { i32Of, reserve } from '../src/span.ts';
import type { RingWork } from './support/ring-worker.ts';

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

  it('refuses shapes that no ring has', () => {
    assert.throws(() => createRing({ capacity: 6, slotWords: 4 }), /power of two/);
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
  ];
  for (const { producers, consumers, name } of shapes) {
    it(`brings every record to every consumer, whole and in its producer's order, ${name}`, { timeout: 60_000 }, async () => {
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
