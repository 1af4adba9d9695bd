import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Arena } from '../src/arena.ts';
import { addressOf, systemCalls } from '../src/libc.ts';
import { record } from '../src/record.ts';
import { createRing, Ring } from '../src/ring.ts';
import { bytesOf, i32Of, reserve, within } from '../src/span.ts';

const skip = systemCalls().done ? false : systemCalls().detail;

describe('arena', () => {
  it('gives parts by name, on cache lines, zeroed, to every thread that attaches', () => {
    const arena = Arena.create({ bytes: 10_000 });
    const parts = ['a', 'b', 'größe'].map((name, i) => arena.reserve(name, 100 + i));
    for (const part of parts) {
      assert.equal(part.byteOffset % 64, parts[0].byteOffset % 64);
      assert.ok(bytesOf(part).every((byte) => byte === 0));
    }
    i32Of(parts[1])[0] = 42;
    const other = Arena.attach(structuredClone(arena.handle));
    assert.equal(i32Of(other.find('b'))[0], 42);
    assert.deepEqual(other.parts(), [
      { name: 'a', bytes: 100 },
      { name: 'b', bytes: 101 },
      { name: 'größe', bytes: 102 },
    ]);
  });

  it('says what is wrong: a name taken or unknown, no room, no arena', () => {
    const arena = Arena.create({ bytes: 1000, parts: 2 });
    arena.reserve('a', 64);
    assert.throws(() => arena.reserve('a', 64), /has a part 'a' already/);
    assert.throws(() => arena.find('b'), /no part 'b'; it has: a$/);
    assert.throws(() => arena.reserve('b', 100_000), /does not fit the \d+ bytes left: raise the arena's 'bytes'/);
    assert.throws(() => arena.reserve('', 64), /1 to 48 bytes/);
    assert.throws(() => arena.reserve('x'.repeat(49), 64), /1 to 48 bytes/);
    arena.reserve('x'.repeat(48), 64);
    assert.equal(arena.find('x'.repeat(48)).byteLength, 64);
    assert.throws(() => arena.reserve('c', 64), /room for 2 parts/);
    assert.throws(() => Arena.attach({ span: reserve(4096) }), /no AREN here/);
    assert.throws(() => within(arena.span, 0, 2 ** 30), RangeError);
  });

  it('says what took effect of what was asked of the system', () => {
    const { outcomes } = Arena.create({ bytes: 1 << 20, prefault: true, lock: true, nodes: [0] });
    assert.equal(outcomes.length, 4, 'huge pages, nodes, prefault, lock');
    for (const { detail } of outcomes) assert.ok(detail.length > 5);
    assert.ok(outcomes.some(({ done }) => done));
  });

  it('begins its parts at real cache lines where addresses are known', { skip }, () => {
    const { buffer, byteOffset } = Arena.create({ bytes: 1 << 20 }).reserve('a', 64);
    assert.equal((addressOf(buffer)! + byteOffset) % 64, 0);
  });

  it('in a file, is one memory for two processes', { skip }, (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-arena-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'memory');
    const arena = Arena.create({ bytes: 1 << 16, file });
    const ring = new Ring(createRing({ capacity: 8, slotWords: 4 }, arena.part('ring')));
    const script = `
      import { Arena } from '${new URL('../src/arena.ts', import.meta.url)}';
      import { Ring } from '${new URL('../src/ring.ts', import.meta.url)}';
      const ring = new Ring(Arena.attach({ file: ${JSON.stringify(file)} }).find('ring'));
      const first = ring.claim(2);
      ring.i32[ring.wordOf(first + 1)] = process.pid;
      ring.publish(first, 2);
      console.log(process.pid);
    `;
    const pid = Number(execFileSync(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script]));
    assert.equal(ring.published(), 2);
    assert.equal(ring.i32[ring.wordOf(1)], pid);
    assert.throws(() => Arena.create({ bytes: 100, file }), /EEXIST/);
    arena.close();
  });
});

describe('record', () => {
  it('lays fields out at multiples of their size, and rounds the record up', () => {
    const shape = record({ flag: 'u8', price: 'f64', name: 5, lots: 'i32' }, { align: 64 });
    assert.deepEqual(
      Object.fromEntries(Object.entries(shape.fields).map(([name, field]) => [name, [field.offset, field.bytes, field.index]])),
      { flag: [0, 1, 0], price: [8, 8, 1], name: [16, 5, 16], lots: [24, 4, 6] },
    );
    assert.deepEqual([shape.bytes, shape.words], [64, 16]);
  });

  it('refuses what is no field', () => {
    assert.throws(() => record({ a: 'i33' as never }), /field 'a' of type 'i33': must be one of u8/);
    assert.throws(() => record({ a: 0 }), /field 'a'/);
    assert.throws(() => record({ a: 'u8' }, { align: 48 }), /power of two/);
  });
});
