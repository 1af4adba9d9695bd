import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runParallel } from '../src/scheduler.ts';
import { createWorkDeque, EMPTY, WorkDeque } from '../src/work-deque.ts';

const module = new URL('./support/task.ts', import.meta.url);

describe('work deque', () => {
  it('is a stack for its owner and a queue for thieves, and says when it is full', () => {
    const span = createWorkDeque(4);
    const [owner, thief] = [new WorkDeque(span), new WorkDeque(span)];
    for (let round = 0; round < 10; round++) {
      assert.deepEqual(
        [1, 2, 3, 4, 5].map((value) => owner.push(value)),
        [true, true, true, true, false],
      );
      assert.equal(owner.size, 4);
      assert.deepEqual([owner.pop(), thief.steal(), owner.pop(), thief.steal(), owner.pop(), thief.steal()], [4, 1, 3, 2, EMPTY, EMPTY]);
    }
    assert.throws(() => createWorkDeque(5), /power of two/);
  });
});

describe('scheduler', () => {
  it('runs every task once and returns the results in order, however uneven the tasks', async () => {
    const dones: number[] = [];
    const results = await runParallel<{ task: number; thread: number }>({
      module,
      tasks: 60,
      threads: 3,
      data: { slow: 3 }, // every third task, all of them dealt to one thread
      onDone: (done) => dones.push(done),
    });
    assert.deepEqual(
      results.map(({ task }) => task),
      Array.from({ length: 60 }, (_, task) => task),
    );
    assert.deepEqual(
      dones,
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    const slowBy = new Set(results.filter(({ task }) => task % 3 === 0).map(({ thread }) => thread));
    assert.ok(slowBy.size > 1, 'nobody stole from the thread with the slow tasks');
  });

  it('names the task that failed', async () => {
    await assert.rejects(runParallel({ module, tasks: 9, threads: 2, data: { fail: 5 } }), /task 5: five is bad/);
  });

  it('has nothing to do for no task, and rejects for a module that is not there', async () => {
    assert.deepEqual(await runParallel({ module, tasks: 0 }), []);
    await assert.rejects(runParallel({ module: new URL('./support/no-such-task.ts', import.meta.url), tasks: 1 }), /no-such-task/);
  });
});
