/** Lines that lose, double and delay datagrams: every message arrives once, in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineArbiter } from '@outcry/feed/line-arbiter';
import { END_OF_SESSION, MoldPacker } from '@outcry/wire/mold';
import fc from 'fast-check';

const SESSION = 'DAY';

/** Datagrams of messages numbered from 1, whose content is their number. */
function datagrams(sizes: number[]): { all: DataView[]; make(first: number, count: number): DataView; last: number } {
  const make = (first: number, count: number) => {
    const packer = new MoldPacker(SESSION);
    for (let i = 0; i < count; i++) packer.view.setUint32(packer.claim(4), first + i);
    return new DataView(packer.bytes.slice(0, packer.seal(first)).buffer);
  };
  let next = 1;
  const all = sizes.map((size) => {
    const view = make(next, size);
    next += size;
    return view;
  });
  return { all, make, last: next - 1 };
}

class Listener {
  readonly got: number[] = [];
  readonly requests: [number, number][] = [];
  snapshots = 0;
  isOver = false;
  onMessage(view: DataView, at: number): void {
    this.got.push(view.getUint32(at));
  }
  request(first: number, count: number): void {
    this.requests.push([first, count]);
  }
  needSnapshot(): void {
    this.snapshots++;
  }
  onEndOfSession(): void {
    this.isOver = true;
  }
}

const plain = (listener: Listener) => ({
  onMessage: (view: DataView, at: number) => listener.onMessage(view, at),
  request: (first: number, count: number) => listener.request(first, count),
});
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

test('whatever each line loses, doubles and delays, every message comes once and in order', () => {
  const line = fc.array(fc.record({ lost: fc.integer({ min: 0, max: 9 }), delay: fc.integer({ min: 0, max: 6 }), twice: fc.boolean() }), {
    minLength: 40,
    maxLength: 40,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(sizes, line, line, fc.integer({ min: 0, max: 8 }), (counts, a, b, lossy) => {
      const { all, make, last } = datagrams(counts);
      const arrivals: { at: number; view: DataView }[] = [];
      for (const faults of [a, b]) {
        for (const [i, view] of all.entries()) {
          const { lost, delay, twice } = faults[i];
          if (lost < lossy) continue;
          arrivals.push({ at: i + delay, view });
          if (twice) arrivals.push({ at: i + delay + 1, view });
        }
      }
      arrivals.sort((x, y) => x.at - y.at);
      const listener = new Listener();
      const arbiter = new LineArbiter(listener, SESSION);
      let now = 0;
      for (const { view } of arrivals) {
        arbiter.take(view, 0, view.byteLength, now);
        arbiter.tick(now++);
      }
      const heartbeat = make(last + 1, 0);
      // What is asked for comes, at most some messages at a time, and sometimes not at all.
      for (let round = 0; round < 2000 && arbiter.next <= last; round++) {
        arbiter.take(heartbeat, 0, heartbeat.byteLength, now);
        now += 5;
        arbiter.tick(now);
        for (const [first, count] of listener.requests.splice(0)) {
          if (round % 3 === 2) continue;
          const answer = make(first, Math.min(count, 7));
          arbiter.take(answer, 0, answer.byteLength, now);
        }
      }
      assert.deepEqual(listener.got, upTo(last));
      assert.equal(arbiter.hasGap, false);
      assert.equal(listener.snapshots, 0);
    }),
    { numRuns: 300 },
  );
});

test('a gap that nobody fills ends in a snapshot, and the feed goes on from there', () => {
  const { all, last } = datagrams([1, 1, 1, 1, 1, 1]);
  const listener = new Listener();
  const arbiter = new LineArbiter(listener, SESSION, 1, { mostRequests: 3, requestMs: 10 });
  arbiter.take(all[0], 0, all[0].byteLength, 0);
  arbiter.take(all[2], 0, all[2].byteLength, 1);
  for (let now = 2; now < 100; now++) arbiter.tick(now);
  assert.deepEqual(listener.requests, [
    [2, 1],
    [2, 1],
    [2, 1],
  ]);
  assert.equal(listener.snapshots, 1);
  arbiter.take(all[4], 0, all[4].byteLength, 100);
  arbiter.take(all[3], 0, all[3].byteLength, 101);
  arbiter.resume(4, 102); // a snapshot of 1 to 3
  assert.deepEqual(listener.got, [1, 4, 5]);
  arbiter.take(all[5], 0, all[5].byteLength, 103);
  assert.deepEqual(listener.got, [1, 4, 5, last]);
});

test('where nobody can be asked, the stream goes on behind each gap, with every message that came, once and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), isLost: fc.boolean() }), { maxLength: 60 }), (sent) => {
      const { all, last } = datagrams(sent.map(({ size }) => size));
      const listener = new Listener();
      const arbiter: LineArbiter = new LineArbiter({ ...plain(listener), needSnapshot: () => arbiter.skip(now) }, SESSION, 1, {
        patienceMs: 5,
        requestMs: 1,
        mostRequests: 1,
      });
      let now = 0;
      let next = 1;
      const came: number[] = [];
      for (const [i, { size, isLost }] of sent.entries()) {
        now += 3;
        if (!isLost) {
          arbiter.take(all[i], 0, all[i].byteLength, now);
          came.push(...upTo(last).slice(next - 1, next - 1 + size));
        }
        next += size;
        arbiter.tick(now);
      }
      while (arbiter.hasGap) arbiter.skip(now);
      assert.deepEqual(listener.got, came);
    }),
  );
});

test('the end of the session is told when everything before it has come; other sessions and nonsense are counted', () => {
  const { all, make } = datagrams([2, 2]);
  const listener = new Listener();
  const arbiter = new LineArbiter(listener, SESSION);
  const other = new MoldPacker('OTHER');
  other.claim(4);
  arbiter.take(other.view, 0, other.seal(1), 0);
  arbiter.take(new DataView(new ArrayBuffer(7)), 0, 7, 0);
  const end = make(5, 0);
  end.setUint16(18, END_OF_SESSION);
  arbiter.take(all[0], 0, all[0].byteLength, 0);
  arbiter.take(end, 0, end.byteLength, 1);
  assert.equal(listener.isOver, false);
  arbiter.take(all[1], 0, all[1].byteLength, 2);
  arbiter.take(end, 0, end.byteLength, 3);
  assert.equal(listener.isOver, true);
  assert.deepEqual([arbiter.counts.foreign, arbiter.counts.malformed], [1, 1]);
});

test('random datagrams neither throw nor let messages out of order', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 30 }), (all) => {
      const sequences: number[] = [];
      const arbiter = new LineArbiter(
        { onMessage: (_view, _at, _bytes, sequence) => sequences.push(sequence), request: () => undefined, needSnapshot: () => undefined },
        undefined,
      );
      for (const [i, bytes] of all.entries()) {
        arbiter.take(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, i);
        arbiter.tick(i);
      }
      assert.deepEqual(sequences, upTo(sequences.length));
    }),
  );
});
