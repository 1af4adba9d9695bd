// Two threads, one memory: blocks of a pool, handed over by a ring, without a copy and without a lock.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Arena, createPool, createRing, openPool, Ring } from '@outcry/memory';

const MESSAGES = 1000;

if (isMainThread) {
  const arena = Arena.create({ bytes: 1 << 20 });
  const pool = openPool(createPool({ blockBytes: 64, capacity: 100 }, arena.part('blocks')));
  const ring = new Ring(createRing({ capacity: 64, slotWords: 2 }, arena.part('work')));
  const worker = new Worker(new URL(import.meta.url), { workerData: arena.handle });
  const done = once(worker, 'message');
  for (let n = 0; n < MESSAGES; n++) {
    let position = ring.claim(1);
    while (position < 0) position = ring.claim(1); // full: the other thread is behind
    const block = pool.take();
    new DataView(pool.bytes(block).buffer, pool.bytes(block).byteOffset).setInt32(0, n);
    ring.i32[ring.wordOf(position)] = block;
    ring.publish(position, 1);
  }
  const [sum] = await done;
  console.log(`the other thread read ${MESSAGES} blocks, and their numbers sum up to ${sum}`);
  assert.equal(sum, (MESSAGES * (MESSAGES - 1)) / 2);
} else {
  const { parentPort } = await import('node:worker_threads');
  const arena = Arena.attach(workerData);
  const pool = openPool(arena.find('blocks'));
  const ring = new Ring(arena.find('work'));
  let sum = 0;
  for (let next = 0; next < MESSAGES; next++) {
    while (ring.published() <= next);
    const block = ring.i32[ring.wordOf(next)];
    sum += new DataView(pool.bytes(block).buffer, pool.bytes(block).byteOffset).getInt32(0);
    pool.give(block);
    ring.release(0, next + 1);
  }
  parentPort!.postMessage(sum);
}
