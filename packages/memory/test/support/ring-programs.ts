// Short programs of two threads over a position or a ring, and what must hold however their steps fall.
import assert from 'node:assert/strict';
import { createRing, Ring } from '../../src/ring.ts';
import { Sequence, sequenceBytes } from '../../src/sequence.ts';
import { reserve, type Span } from '../../src/span.ts';
import type { Program } from './program.ts';

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
    isPlain: true,
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

export const RING_PROGRAMS = {
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
  'two writers move a position across 2^32': {
    create: () => {
      const span = reserve(sequenceBytes(1));
      new Sequence(span, 0).begin(2 ** 32 - 2);
      return span;
    },
    attach: (span: Span) => new Sequence(span, 0),
    isPlain: true,
    threads: [1, 2].map((count) => (sequence: Sequence) => {
      const moved: number[] = [];
      for (let tries = 0; tries < 3 && moved.length < 2; tries++) {
        sequence.read();
        const from = sequence.tryAdvance(count);
        if (from >= 0) moved.push(from);
      }
      return words(moved);
    }),
    check: (span: Span, results: number[][]) => {
      const moves = results.flatMap((moved, i) => numbers(moved).map((from) => ({ from, to: from + i + 1 })));
      moves.sort((a, b) => a.from - b.from);
      let position = 2 ** 32 - 2;
      for (const { from, to } of moves) {
        assert.equal(from, position, 'two got the same place, or there is a hole');
        position = to;
      }
      assert.equal(new Sequence(span, 0).read(), position);
    },
  },
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
};
