// Short programs of two threads over one part in shared memory, and what must hold however their steps fall.
import assert from 'node:assert/strict';
import { createPool, openPool } from '../../src/guarded-pool.ts';
import { NONE, Pool } from '../../src/pool.ts';
import type { Span } from '../../src/span.ts';
import { createWorkDeque, EMPTY, WorkDeque } from '../../src/work-deque.ts';
import type { Program } from './program.ts';
import { RING_PROGRAMS } from './ring-programs.ts';

function poolProgram(
  options: { capacity: number; magazine: number; initial?: number; step?: number; take?: number },
  threads: ((pool: Pool) => number[])[],
  check: (pool: Pool, results: number[][]) => void,
): Program<Pool> {
  return {
    create: () => {
      const span = createPool({ blockBytes: 8, members: 4, guarded: false, ...options });
      const pool = openPool(span);
      for (let i = 0; i < (options.take ?? 0); i++) assert.notEqual(pool.take(), NONE);
      if (options.take === undefined) pool.leave(); // else a third member holds them
      return span;
    },
    attach: (span) => new Pool(span),
    threads,
    check: (span, results) => {
      const handles = results.flat().filter((handle) => handle > 1);
      assert.equal(new Set(handles).size, handles.length, 'a block was handed out twice');
      check(new Pool(span), results);
    },
  };
}

const takeAndGive = (pool: Pool) => {
  const handle = pool.take();
  return [handle === NONE ? 0 : pool.give(handle) ? 1 : -1];
};
const takeOne = (pool: Pool) => [pool.take()];

/** Everything that is not in use can still be taken: no block was lost. */
function drain(pool: Pool, expected: number): void {
  let count = 0;
  while (pool.take() !== NONE) count++;
  assert.equal(count, expected, 'blocks that are free and cannot be found');
}

/** The first handle that a pool of fresh blocks hands out. */
const FIRST = 1 << 20;

export const PROGRAMS: Record<string, Program<never>> = Object.fromEntries(
  Object.entries({
    'two threads want the only block': poolProgram({ capacity: 1, magazine: 0 }, [takeOne, takeOne], (pool, results) => {
      assert.equal(results.flat().filter((handle) => handle !== NONE).length, 1);
      drain(pool, 0);
    }),
    'two threads take and give the only block': poolProgram({ capacity: 1, magazine: 0 }, [takeAndGive, takeAndGive], (pool, results) => {
      assert.ok(results.flat().every((outcome) => outcome >= 0));
      assert.ok(results.flat().includes(1));
      drain(pool, 1);
    }),
    'two threads share two blocks': poolProgram({ capacity: 2, magazine: 0 }, [takeOne, takeAndGive], (pool, results) => {
      assert.ok(results[0][0] !== NONE && results[1][0] === 1);
      drain(pool, 1);
    }),
    'one gives the last block while another wants one': poolProgram(
      { capacity: 1, magazine: 0, take: 1 },
      [(pool) => [pool.give(FIRST) ? 1 : 0], takeOne],
      (pool, results) => {
        assert.deepEqual(results[0], [1]);
        drain(pool, results[1][0] === NONE ? 1 : 0);
      },
    ),
    'two threads give the same block': poolProgram(
      { capacity: 1, magazine: 0, take: 1 },
      [(pool) => [pool.give(FIRST) ? 1 : 0], (pool) => [pool.give(FIRST) ? 1 : 0]],
      (pool, results) => {
        assert.equal(results.flat().filter((given) => given === 1).length, 1, 'a double free went unnoticed');
        drain(pool, 1);
      },
    ),
    'two threads fill their magazines': poolProgram({ capacity: 2, magazine: 2 }, [takeOne, takeOne], (pool, results) => {
      assert.ok(results.flat().some((handle) => handle !== NONE));
      const taken = results.flat().filter((handle) => handle !== NONE).length;
      assert.ok(pool.statistics('x').inUse === taken);
    }),
    'two threads find the pool empty, and it grows': poolProgram(
      { capacity: 64, initial: 32, step: 32, magazine: 0, take: 32 },
      [takeOne, takeOne],
      (pool, results) => {
        const taken = results.flat().filter((handle) => handle !== NONE).length; // the other came while the first was about to offer
        assert.ok(taken >= 1);
        assert.equal(pool.statistics('x').committed, 64);
        drain(pool, 32 - taken);
      },
    ),
    'one trims while another wants the last block': poolProgram(
      { capacity: 64, initial: 32, step: 32, magazine: 0, take: 32 },
      [
        (pool) => {
          const handle = pool.take(); // grows
          return handle === NONE ? [1] : [pool.give(handle) ? 1 : 0, pool.trim() > 0 ? 1 : 0];
        },
        takeOne,
      ],
      (pool, results) => {
        assert.equal(results[0][0], 1);
        drain(pool, results[1][0] === NONE ? 32 : 31);
      },
    ),
    'one pops the last entry while another steals it': {
      create: () => {
        const span = createWorkDeque(4);
        new WorkDeque(span).push(7);
        return span;
      },
      attach: (span: Span) => new WorkDeque(span),
      threads: [(deque: WorkDeque) => [deque.pop()], (deque: WorkDeque) => [deque.steal()]],
      check: (span: Span, results: number[][]) => {
        const got = results.flat().filter((value) => value >= 0);
        assert.deepEqual(got, [7], 'the entry was got not exactly once');
        assert.equal(new WorkDeque(span).pop(), EMPTY);
      },
    },
    'one pushes and pops while another steals twice': {
      create: () => createWorkDeque(2),
      attach: (span: Span) => new WorkDeque(span),
      threads: [
        (deque: WorkDeque) => [deque.push(1) ? -1 : 0, deque.push(2) ? -1 : 0, deque.pop()],
        (deque: WorkDeque) => [deque.steal(), deque.steal()],
      ],
      check: (span: Span, results: number[][]) => {
        const deque = new WorkDeque(span);
        const got = results.flat().filter((value) => value > 0);
        for (let value = deque.pop(); value !== EMPTY; value = deque.pop()) got.push(value);
        assert.deepEqual(got.sort(), [1, 2]);
      },
    },
    ...RING_PROGRAMS,
  } as unknown as Record<string, Program<never>>),
);
