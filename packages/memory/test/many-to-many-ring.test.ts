import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createRing, ManyToManyRing } from '../src/many-to-many-ring.ts';
import { sequenceBytes } from '../src/sequence.ts';
import type { RingWork } from './support/ring-worker.ts';

function start(work: RingWork): Worker {
  return new Worker(new URL('./support/ring-worker.ts', import.meta.url), { workerData: work });
}

describe('ring of many producers and consumers', () => {
  it('says when it is full, and has room again when the slowest consumer has moved on', () => {
    const ring = new ManyToManyRing(createRing(4, 4, 2));
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
    const ring = new ManyToManyRing(createRing(8, 4, 1));
    const first = ring.claim(3);
    assert.equal(ring.published(), 0);
    ring.publish(first, 3);
    assert.equal(ring.published(), 3);
    assert.equal(ring.gate(0), 0);
  });

  it('goes on past 2^32 records', () => {
    const start = 2 ** 32 - 3;
    const memory = createRing(4, 4, 1, start);
    const [producer, consumer] = [new ManyToManyRing(memory), new ManyToManyRing(memory)];
    for (let i = 0; i < 20; i++) {
      assert.equal(producer.claim(1), start + i);
      producer.publish(start + i, 1);
      assert.equal(consumer.published(), start + i + 1);
      consumer.release(0, start + i + 1);
    }
  });

  it('refuses a capacity that is no power of two', () => {
    assert.throws(() => createRing(6, 4, 1), /power of two/);
  });

  it("brings every record to every consumer, whole and in its producer's order, across threads", { timeout: 60_000 }, async () => {
    const each = 60_000;
    const memory = createRing(64, 4, 2);
    const bells = new SharedArrayBuffer(sequenceBytes(1));
    const consumers = [0, 1].map((number) => start({ role: 'consumer', memory, bells, number, count: 2 * each }));
    const answers = consumers.map((consumer) => once(consumer, 'message'));
    for (const number of [0, 1]) start({ role: 'producer', memory, bells, number, count: each });
    for (const [answer] of await Promise.all(answers)) assert.deepEqual(answer, { read: 2 * each, wrong: 0 });
  });
});
