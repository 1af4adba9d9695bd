// Short programs of two threads over one part in shared memory, and what must hold however their steps fall.
import assert from 'node:assert/strict';
import { createPool, openPool } from '../../src/guarded-pool.ts';
import { NONE, Pool } from '../../src/pool.ts';
import { createRing, Ring } from '../../src/ring.ts';
import { Sequence, sequenceBytes } from '../../src/sequence.ts';
import { reserve, type Span } from '../../src/span.ts';
import { createWorkDeque, EMPTY, WorkDeque } from '../../src/work-deque.ts';

export interface Program<Part> {
  /** makes the memory and brings it into the state that the threads find */
  create(): Span;
  /** attaches one thread: not explored */
  attach(span: Span): Part;
  /** what each thread does: returns whole numbers for the check */
  threads: ((part: Part) => number[])[];
  /** looks at the memory and at what the threads returned */
  check(span: Span, results: number[][]): void;
}

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

/** One thread publishes positions while the other, which last looked before, reads: never beside the way, and never back on it. */
function sequenceProgram(from: number, positions: number[]): Program<Sequence> {
  const ways = [from, ...positions];
  return {
    create: () => {
      const span = reserve(sequenceBytes(1));
      new Sequence(span, 0).begin(from);
      return span;
    },
    attach: (span) => new Sequence(span, 0),
    threads: [
      (sequence) => {
        for (const position of positions) sequence.publish(position);
        return [];
      },
      (sequence) => words([sequence.read(), sequence.read()]),
    ],
    check: (span, results) => {
      const read = numbers(results[1]);
      const isForward = ways[0] < ways[ways.length - 1];
      for (const position of read) {
        const isWithin = position >= Math.min(...ways) && position <= Math.max(...ways);
        assert.ok(isWithin, `read ${position} on the way ${ways.join(', ')}`);
      }
      assert.ok(isForward ? read[1] >= read[0] : read[1] <= read[0], `read ${read.join(' and then ')}`);
      assert.equal(new Sequence(span, 0).read(), ways[ways.length - 1]);
    },
  };
}

/** Positions as pairs of words, which is what threads return. */
function words(positions: number[]): number[] {
  return positions.flatMap((position) => [Math.floor(position / 2 ** 30), position % 2 ** 30]);
}
function numbers(pairs: number[]): number[] {
  return Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i] * 2 ** 30 + pairs[2 * i + 1]);
}

/**
 * Two threads at a ring of many producers whose next position is given; each has attached twice. A slot's first word is its own
 * position, never 0.
 */
function ringProgram(
  start: number,
  threads: ((ring: Ring, other: Ring) => number[])[],
  check: (ring: Ring, results: number[][]) => void,
): Program<[Ring, Ring]> {
  return {
    create: () => createRing({ capacity: 4, slotWords: 2, producers: 'many', start }),
    attach: (span) => [new Ring(span), new Ring(span)],
    threads: threads.map((thread) => (rings) => thread(...rings)),
    check: (span, results) => check(new Ring(span), results),
  };
}

/** Puts so many records into a ring. Returns whether there was room. */
function put(ring: Ring, count: number): boolean {
  const first = ring.claim(count);
  if (first < 0) return false;
  for (let i = 0; i < count; i++) ring.i32[ring.wordOf(first + i)] = (first + i) | 0;
  ring.publish(first, count);
  return true;
}

/** Counts what is published from a position on; throws at a slot that was not written. */
function countFrom(ring: Ring, position: number): number {
  const end = ring.published();
  for (let at = position; at < end; at++) assert.equal(ring.i32[ring.wordOf(at)], at | 0, 'shown before it was written');
  return end - position;
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
    'two producers want the same slots of a ring': {
      create: () => createRing({ capacity: 2, slotWords: 2, producers: 'many' }),
      attach: (span: Span) => new Ring(span),
      threads: [1, 2].map((value) => (ring: Ring) => {
        const first = ring.claim(value);
        return first < 0 ? [] : [first, value];
      }),
      check: (span: Span, results: number[][]) => {
        const ring = new Ring(span);
        const claims = results.filter((claim) => claim.length > 0);
        assert.equal(claims.length, 1, 'one slot and two slots do not both fit into two');
        assert.equal(claims[0][0], 0);
        assert.equal(ring.claim(1), claims[0][1] === 1 ? 1 : -1);
      },
    },
    'a position crosses 2^32 while another reads it': sequenceProgram(2 ** 32 - 2, [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]),
    'a position crosses 2^31 in one step while another reads it': sequenceProgram(2 ** 31 - 1, [2 ** 31 + 9]),
    'a position moves by more than 32 bits hold while another reads it': sequenceProgram(5, [2 ** 33 + 2]),
    'a position is set back while another reads it': sequenceProgram(2 ** 32 + 5, [9]),
    'two producers publish across 2^31, each without the other': ringProgram(
      2 ** 31 - 1,
      [(ring) => [put(ring, 2) ? 1 : 0], (ring) => [put(ring, 1) ? 1 : 0]],
      (ring, results) => {
        assert.deepEqual(results, [[1], [1]]);
        assert.equal(countFrom(ring, ring.start), 3);
        assert.equal(ring.inUse(), 3);
      },
    ),
    'a producer looks at what is published beside another': ringProgram(
      2 ** 32 - 1,
      [(ring) => [put(ring, 2) ? 1 : 0], (ring) => [put(ring, 1) ? 1 : 0, countFrom(ring, ring.start)]],
      (ring, [, [, seen]]) => {
        assert.ok(seen === 0 || seen === 1 || seen === 3, `${seen} records`);
        assert.equal(countFrom(ring, ring.start), 3);
      },
    ),
    'a consumer takes batches while they are published': ringProgram(
      2 ** 32 - 2,
      [
        (ring) => [put(ring, 3) ? 1 : 0, put(ring, 2) ? 1 : 0],
        (ring) => {
          let read = 0;
          for (let looks = 0; looks < 2; looks++) {
            read += countFrom(ring, ring.start + read);
            ring.release(0, ring.start + read);
          }
          return [read];
        },
      ],
      (ring, [[first, second], [read]]) => {
        assert.equal(first, 1);
        assert.equal(countFrom(ring, ring.start + read), (second === 1 ? 5 : 3) - read);
      },
    ),
    'one that the ring does not wait for looks while it goes round': ringProgram(
      2 ** 31 - 3,
      [
        (ring) => {
          for (let lap = 0; lap < 2; lap++) {
            if (!put(ring, 3)) return [0];
            ring.release(0, ring.start + 3 * (lap + 1));
          }
          return [1];
        },
        (ring, other) => words([ring.published(), other.published()]),
      ],
      (ring, results) => {
        assert.deepEqual(results[0], [1]);
        const [before, after] = numbers(results[1]).map((position) => position - ring.start);
        assert.ok([0, 3, 6].includes(before) && [0, 3, 6].includes(after) && before <= after, `saw ${before}, then ${after}`);
        assert.equal(ring.published(), ring.start + 6);
      },
    ),
  } as unknown as Record<string, Program<never>>),
);
