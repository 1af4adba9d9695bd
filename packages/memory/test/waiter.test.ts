import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Bell } from '../src/bell.ts';
import { sequenceBytes } from '../src/sequence.ts';
import { i32Of, reserve } from '../src/span.ts';
import { WAIT_STRATEGIES, Waiter } from '../src/waiter.ts';

describe('waiting', () => {
  for (const strategy of WAIT_STRATEGIES) {
    it(`by ${strategy} ends when another thread brings work, each time`, () => {
      const span = reserve(sequenceBytes(2));
      const words = i32Of(span);
      const bell = new Bell(span, 1);
      const worker = new Worker(new URL('./support/ringer.ts', import.meta.url), { workerData: { span, times: 50 } });
      const waiter = new Waiter(bell, strategy);
      for (let seen = 0; seen < 50; seen = Atomics.load(words, 0)) {
        const before = seen;
        waiter.wait({ ready: () => Atomics.load(words, 0) !== before });
      }
      void worker.terminate();
    });
  }

  for (const strategy of ['spin', 'yield'] as const) {
    it(`by ${strategy} leaves the core to others when the thread has real-time priority and nothing comes`, () => {
      const waiter = new Waiter(new Bell(reserve(sequenceBytes(2)), 1), strategy, true);
      const until = performance.now() + 400;
      const before = process.threadCpuUsage();
      waiter.wait({ ready: () => performance.now() >= until });
      const { user, system } = process.threadCpuUsage(before);
      assert.ok((user + system) / 1000 < 300, `${user + system} µs of 400,000 on the core`);
    });
  }

  it('refuses a strategy that there is not', () => {
    assert.throws(() => new Waiter(new Bell(reserve(64), 0), 'sleep' as never), /must be one of spin, yield, park, adaptive/);
  });

  it('between processes looks for itself', () => {
    const bell = new Bell({ buffer: new ArrayBuffer(64), byteOffset: 0, byteLength: 64 }, 0);
    const since = performance.now();
    bell.prepare();
    bell.wait(20);
    assert.ok(performance.now() - since >= 15);
  });
});
