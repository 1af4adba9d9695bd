import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { createSharedMap, SharedMap } from '../src/shared-map.ts';
import { i32Of } from '../src/span.ts';

function map(capacity: number): SharedMap {
  return new SharedMap(createSharedMap({ capacity, valueWords: 4 }));
}

describe('shared map', () => {
  it('leaves the core to a writer that was interrupted in the middle of an entry, and reads it whole after that', async () => {
    const span = createSharedMap({ capacity: 1, valueWords: 2 });
    const map = new SharedMap(span);
    map.value.i32[0] = 7;
    map.set(1, 2);
    const words = i32Of(span);
    const version = words.findIndex((word, at) => word === 2 && words[at + 2] === 1 && words[at + 3] === 2);
    words[version]++; // it is being written
    const source = `const { workerData: { span, at } } = require('node:worker_threads');
      setTimeout(() => Atomics.add(new Int32Array(span.buffer, span.byteOffset), at, 1), 400);`;
    const worker = new Worker(source, { eval: true, workerData: { span, at: version } });
    const before = process.threadCpuUsage();
    assert.ok(map.get(1, 2));
    const { user, system } = process.threadCpuUsage(before);
    assert.equal(map.value.i32[0], 7);
    assert.ok((user + system) / 1000 < 300, `${user + system} µs on the core`);
    await once(worker, 'exit');
  });

  it('is a map: agrees with a plain one for any sets, deletes and gets', () => {
    const operation = fc.record({
      kind: fc.constantFrom('set', 'delete', 'get'),
      low: fc.integer({ min: -8, max: 8 }),
      high: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        const span = createSharedMap({ capacity: 20, valueWords: 4 });
        const [writer, reader] = [new SharedMap(span), new SharedMap(span)];
        const plain = new Map<string, number>();
        for (const [i, { kind, low, high }] of operations.entries()) {
          const key = `${low}:${high}`;
          if (kind === 'set') {
            writer.value.f64[0] = i;
            writer.value.i32[2] = ~i;
            const isSet = writer.set(low, high);
            assert.equal(isSet, plain.has(key) || plain.size < 20);
            if (isSet) plain.set(key, i);
          } else if (kind === 'delete') assert.equal(writer.delete(low, high), plain.delete(key));
          else {
            assert.equal(reader.get(low, high), plain.has(key));
            if (plain.has(key)) assert.deepEqual([reader.value.f64[0], reader.value.i32[2]], [plain.get(key), ~plain.get(key)!]);
          }
          assert.equal(reader.size, plain.size);
        }
      }),
    );
  });

  it('says when it is full, and changes nothing then', () => {
    const full = map(2);
    assert.ok(full.set(1, 0) && full.set(2, 0));
    assert.equal(full.set(3, 0), false);
    assert.equal(full.has(3, 0), false);
    assert.ok(full.set(2, 0), 'a key that is there can still be set');
    full.delete(1, 0);
    assert.ok(full.set(3, 0));
  });

  it('shows other threads whole values only, while one is set, deleted and set again without a pause', async () => {
    const span = createSharedMap({ capacity: 16, valueWords: 4 });
    const readers = [0, 1].map(
      () => new Worker(new URL('./support/map-reader.ts', import.meta.url), { workerData: { span, looks: 150_000 } }),
    );
    const answers = readers.map((reader) => once(reader, 'message'));
    const writer = new SharedMap(span);
    let done = false;
    void Promise.all(answers).then(() => {
      done = true;
    });
    for (let i = 0; !done; i++) {
      writer.value.i32.fill(i);
      writer.set(i % 24, i % 3);
      if (i % 5 === 0) writer.delete((i * 7) % 24, i % 3);
      if (i % 20_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [{ torn, found }] of await Promise.all(answers)) {
      assert.equal(torn, 0);
      assert.ok(found > 1000, `only ${found} values were found`);
    }
  });

  it('tells of a writer that died while it wrote, instead of waiting for ever', () => {
    const span = createSharedMap({ capacity: 1, valueWords: 2 });
    const writer = new SharedMap(span);
    writer.set(5, 5);
    const words = new Int32Array(span.buffer, span.byteOffset);
    const entry = [...words.keys()].find((i) => words[i] === 5 && words[i + 1] === 5)!;
    words[entry - 2] |= 1; // the version of the half-written entry
    assert.throws(() => new SharedMap(span).get(5, 5), /its writer is gone/);
  });

  it('refuses shapes that it cannot have', () => {
    for (const wrong of [{ capacity: 0 }, { capacity: 2 ** 25 }, { valueWords: 3 }, { valueWords: 66 }]) {
      assert.throws(() => createSharedMap({ capacity: 4, valueWords: 4, ...wrong }), RangeError);
    }
  });
});
