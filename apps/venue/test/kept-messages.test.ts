/** A sequenced log gives back every message, from memory and from its file. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { FileFixStore } from '../src/doors/fix/fix-store.ts';
import { type Packets, SequencedLog } from '../src/doors/soup/sequenced-log.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-kept-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const openFiles = () => fs.readdirSync('/proc/self/fd').length;

/** The messages from a number on: their lengths and what they hold, read as a client is served. */
async function readFrom(log: SequencedLog, sequence: number, most: number): Promise<[number, number][]> {
  const read: [number, number][] = [];
  let { place, skip } = log.seek(sequence);
  while (place !== log.end && read.length < most) {
    const packets = log.fromMemory(place) ?? (await new Promise<Packets>((resolve) => log.fromFile(place, (_, found) => resolve(found))));
    const view = Buffer.from(packets.bytes);
    for (let at = 0; at < view.length; at += 2 + view.readUInt16BE(at)) {
      if (skip > 0) skip--;
      else read.push([view.readUInt16BE(at) - 1, view.readUInt32BE(at + 3)]);
    }
    packets.done();
    place = packets.next;
  }
  return read.slice(0, most);
}

test('a sequenced log gives back any message: from memory, on its way to the file, and from the file, which is not held open', async () => {
  const before = openFiles();
  const log = new SequencedLog(path.join(folder, 'log.soup'));
  const sizes = Array.from({ length: 200_000 }, (_, i) => 4 + ((i * 7919) % 90));
  const check = async () => {
    for (const number of [1, 2, 1023, 1024, 1025, 9999, 70_000, 199_999, 200_000]) {
      assert.deepEqual(await readFrom(log, number, 1), [[sizes[number - 1], number]]);
    }
  };
  for (const [i, size] of sizes.entries()) {
    const at = log.claim(size);
    log.view.setUint32(at, i + 1);
  }
  log.flush();
  assert.equal(log.next, 200_001);
  await check();
  await until(
    () => fs.statSync(log.file).size > log.end - 512 * 1024,
    () => 'the file',
    5000,
  );
  await check();
  assert.deepEqual(
    await readFrom(log, 1, 200_000),
    sizes.map((size, i) => [size, i + 1]),
  );
  assert.deepEqual(await readFrom(log, 200_001, 1), []);
  await until(
    () => openFiles() <= before,
    () => `${openFiles()} descriptors, ${before} before`,
  );
});

test('a log that rests gives its memory back, and goes on where it was', async () => {
  const log = new SequencedLog(path.join(folder, 'rests.soup'));
  const expected: [number, number][] = [];
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 10; i++) {
      expected.push([20 + i, expected.length]);
      const at = log.claim(20 + i);
      log.view.setUint32(at, expected.length - 1);
    }
    log.flush();
    log.rest(round * 1e6);
    log.rest(round * 1e6 + 59_000);
    assert.ok(log.view, 'not yet');
    log.rest(round * 1e6 + 61_000);
    assert.throws(() => log.view);
  }
  assert.deepEqual(await readFrom(log, 1, 100), expected);
  log.complete();
  log.retain();
  let isGone = false;
  log.discard(() => {
    isGone = true;
  });
  assert.deepEqual(await readFrom(log, 41, 100), expected.slice(40), 'a reader that is not done has it still');
  log.release();
  await until(
    () => isGone,
    () => 'the end of the file',
  );
  assert.equal(fs.existsSync(log.file), false);
});

test('what a reader has not done with stays as it is, and its memory is used again after that', async () => {
  const log = new SequencedLog(path.join(folder, 'slow.soup'));
  let held: { packets: Uint8Array; before: string; done: () => void }[] = [];
  const pieces = new Set<string>();
  log.readers.push({
    take: (packets, done) => {
      pieces.add(`${bufferNumber(packets.buffer)} ${Math.floor(packets.byteOffset / (256 * 1024))}`);
      held.push({ packets, before: Buffer.from(packets).toString('hex'), done });
    },
    completed: () => undefined,
  });
  const fill = async () => {
    for (let i = 0; i < 40_000; i++) {
      const at = log.claim(50);
      log.view.setUint32(at, i);
      if (i % 100 === 0) log.flush();
      if (i % 5000 === 0) await sleep(5);
    }
    for (const { packets, before } of held) assert.equal(Buffer.from(packets).toString('hex'), before);
  };
  await fill();
  const used = pieces.size;
  assert.ok(used >= 8, `${used} pieces for what nobody is done with`);
  for (let round = 0; round < 3; round++) {
    for (const { done } of held) done();
    held = [];
    await sleep(50);
    await fill();
  }
  assert.ok(pieces.size <= used + 8, `${pieces.size} pieces in all`);
  log.readers.length = 0; // a reader that is too slow is served from the file, and still holds what it was given
  await fill();
});

const buffers: ArrayBufferLike[] = [];
function bufferNumber(buffer: ArrayBufferLike): number {
  const known = buffers.indexOf(buffer);
  return known >= 0 ? known : buffers.push(buffer) - 1;
}

test('on a full disk a log says so once, and forgets what it cannot keep', async () => {
  fs.symlinkSync('/dev/full', path.join(folder, 'full.soup'));
  const log = new SequencedLog(path.join(folder, 'full.soup'));
  const broken: string[] = [];
  log.onBroken = (error) => broken.push((error as NodeJS.ErrnoException).code!);
  const fill = () => {
    for (let i = 0; i < 30_000; i++) {
      log.claim(50);
      log.flush();
    }
  };
  fill();
  await until(
    () => broken.length > 0,
    () => 'the full disk',
    5000,
  );
  fill();
  assert.deepEqual(broken, ['ENOSPC']);
});

/** What a FIX store holds of a range, in order. */
function kept(store: FileFixStore, from: number, to: number): [number, string | undefined][] {
  const found: [number, string | undefined][] = [];
  for (let number = store.firstKept(from); number <= to; number = store.firstKept(number + 1))
    found.push([number, store.load(number)?.toString()]);
  return found;
}

test('a FIX store keeps its numbers and messages over a restart, a cut end, and a full disk', () => {
  const store = new FileFixStore(folder, 'session');
  for (let i = 1; i <= 5; i++) {
    store.save(i, Buffer.from(`message ${i}`));
    store.nextOut = i + 1;
  }
  store.nextIn = 9;
  store.close();
  const segment = path.join(folder, 'session', '1.fix');
  fs.truncateSync(segment, fs.statSync(segment).size - 3);
  const again = new FileFixStore(folder, 'session');
  assert.deepEqual([again.nextIn, again.nextOut], [9, 5], 'the last message was cut off: it never went out');
  assert.equal(again.load(4)?.toString(), 'message 4');
  assert.equal(again.load(5), undefined);
  again.close();
  const full = new FileFixStore(folder, 'full');
  full.rest();
  for (const file of ['1.fix', 'received']) {
    fs.rmSync(path.join(folder, 'full', file), { force: true });
    fs.symlinkSync('/dev/full', path.join(folder, 'full', file));
  }
  full.save(1, Buffer.from('x'));
  assert.throws(() => full.flush(), { code: 'ENOSPC' });
  assert.throws(() => full.flush(), { code: 'ENOSPC' }, 'and again');
  assert.throws(
    () => {
      full.nextIn = 2;
    },
    { code: 'ENOSPC' },
  );
  assert.equal(full.nextIn, 1, 'what cannot be noted has not been received');
});

test('a FIX store gives back what it was given, in any order, over segments, restarts and resets', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ size: fc.constantFrom(0, 0, 10, 1000, 70_000, 1_500_000) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('restart', 'rest', 'flush') }) },
    { weight: 2, arbitrary: fc.record({ from: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ jump: fc.integer({ min: 1, max: 5 }) }) },
  );
  let name = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      let store = new FileFixStore(folder, `model-${++name}`);
      const model = new Map<number, string>();
      for (const one of steps) {
        if ('size' in one) {
          const text = one.size === 0 ? undefined : `${store.nextOut} ${'x'.repeat(one.size)}`;
          store.save(store.nextOut, text === undefined ? undefined : Buffer.from(text));
          if (text !== undefined) model.set(store.nextOut, text);
          store.nextOut++;
        } else if ('jump' in one) store.nextOut += one.jump;
        else if ('from' in one) {
          const wanted = [...model].filter(([number]) => number >= one.from);
          assert.ok(kept(store, one.from, 1e9).every(([number, text], i) => number === wanted[i][0] && text === wanted[i][1]));
          assert.equal(kept(store, one.from, 1e9).length, wanted.length);
        } else if (one.what === 'restart') {
          const before = store.nextOut;
          store.close();
          store = new FileFixStore(folder, `model-${name}`);
          assert.ok(store.nextOut <= before);
          store.nextOut = before;
        } else if (one.what === 'rest') store.rest();
        else store.flush();
      }
      assert.equal(kept(store, 1, 1e9).length, model.size);
      store.reset();
      assert.deepEqual([store.nextIn, store.nextOut, kept(store, 1, 1e9).length], [1, 1, 0]);
      store.close();
      fs.rmSync(path.join(folder, `model-${name}`), { recursive: true });
    }),
    { numRuns: 40 },
  );
});

test('numbers beyond 2^31 and 2^32 are kept as others are, and files stay small whatever a session keeps', () => {
  const store = new FileFixStore(folder, 'large');
  const numbers = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 50];
  for (const number of numbers) {
    store.save(number, Buffer.from(`message ${number}`));
    store.nextOut = number + 1;
  }
  store.nextIn = 2 ** 40;
  store.close();
  const again = new FileFixStore(folder, 'large');
  assert.deepEqual([again.nextIn, again.nextOut], [2 ** 40, 2 ** 50 + 1]);
  for (const number of numbers) assert.equal(again.load(number)?.toString(), `message ${number}`);
  // Segments are small whatever a session keeps, and only the last one is read at a start.
  const block = Buffer.alloc(64 * 1024, 'x');
  const first = again.nextOut;
  for (let i = 0; i < 36_000; i++) {
    again.save(first + i, i % 100 === 0 ? block : undefined);
    if (i % 100 === 0) again.flush();
    again.nextOut = first + i + 1;
  }
  again.close();
  const segments = fs.readdirSync(path.join(folder, 'large')).filter((file) => file.endsWith('.fix'));
  assert.ok(segments.length >= 5);
  for (const file of segments) assert.ok(fs.statSync(path.join(folder, 'large', file)).size < 5 * 1024 * 1024);
  const third = new FileFixStore(folder, 'large');
  assert.equal(third.nextOut, first + 36_000);
  assert.equal(third.firstKept(first + 1), first + 100);
  third.close();
});

test('a FIX store has no file open that it does not use', () => {
  const openFiles = () => fs.readdirSync('/proc/self/fd').length;
  const before = openFiles();
  const stores = Array.from({ length: 50 }, (_, i) => new FileFixStore(folder, `idle-${i}`));
  for (const store of stores) {
    store.save(1, Buffer.from('message'));
    store.nextIn = 2;
    store.rest();
    assert.equal(store.load(1)?.toString(), 'message');
    store.rest();
  }
  assert.equal(openFiles(), before);
});

test('a FIX store keeps every message that one turn brings, however many', () => {
  const store = new FileFixStore(folder, 'turn');
  const report = Buffer.alloc(330, 'x');
  const count = 65_000; // 21 MB before anything is flushed
  for (let number = 1; number <= count; number++) {
    store.save(number, report);
    store.nextOut = number + 1;
  }
  store.flush();
  assert.equal(kept(store, 1, 1e9).length, count);
  store.close();
  assert.equal(new FileFixStore(folder, 'turn').nextOut, count + 1);
});

test('a FIX store says what it gave up on a full disk, numbers nothing twice, and goes on when there is room', (t) => {
  const store = new FileFixStore(folder, 'given-up');
  const full = t.mock.method(fs, 'writeSync', () => {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  });
  const save = (from: number, to: number) => {
    for (let number = from; number < to; number++) {
      store.save(number, Buffer.alloc(1000, 'x'));
      store.nextOut = number + 1;
    }
  };
  save(1, 30_000);
  store.save(30_000, undefined);
  assert.ok(full.mock.callCount() < 100, 'the disk is not asked for each message');
  full.mock.restore();
  assert.throws(() => store.close(), { code: 'ENOSPC' }, 'it is said though there is room now: what was given up must not go out');
  save(30_001, 30_010);
  store.flush();
  const found = kept(store, 1, 1e9).map(([number]) => number);
  assert.ok(found.length > 9 && found[0] > 1, 'the newest are there');
  assert.deepEqual(found.slice(-9), [30_001, 30_002, 30_003, 30_004, 30_005, 30_006, 30_007, 30_008, 30_009]);
  store.close();
  assert.equal(new FileFixStore(folder, 'given-up').nextOut, 30_010);
});

test('looking for a message in a large file takes short looks, each going on where the last one was', () => {
  const store = new FileFixStore(folder, 'looks');
  const count = 12_000;
  for (let number = 1; number <= count; number++) store.save(number, Buffer.alloc(300, 'x'));
  store.rest();
  for (const wanted of [count, 1, count - 1, count + 1]) {
    let looks = 1;
    while (!store.look(wanted)) assert.ok(++looks < 30);
    assert.ok(wanted === 1 || looks > 10, `${looks} looks through 3.7 MB`);
    assert.equal(store.firstKept(wanted), wanted > count ? Number.POSITIVE_INFINITY : wanted);
    assert.equal(store.look(wanted), true, 'it is found still');
    store.rest();
  }
  store.save(count + 5, Buffer.from('new'));
  assert.equal(store.firstKept(count + 1), count + 5);
  store.close();
});

test("what the system still writes for a log that broke is no other log's memory, until it is done", async (t) => {
  const underWay = new Map<Uint8Array, (error: Error | null, written: number) => void>();
  const writing = t.mock.method(fs, 'write', ((
    _: number,
    bytes: Uint8Array,
    _from: number,
    _length: number,
    _at: number,
    done: () => void,
  ) => {
    underWay.set(bytes, done);
  }) as unknown as typeof fs.write);
  const fill = (log: SequencedLog, pieces: number) => {
    const used = new Set<number>();
    for (let i = 0; i < pieces * 5; i++) {
      log.claim(50_000);
      used.add(log.view.byteOffset + bufferNumber(log.view.buffer) * 2 ** 32);
    }
    return [...used];
  };
  const placeOf = (bytes: Uint8Array) => bytes.byteOffset + bufferNumber(bytes.buffer) * 2 ** 32;
  const broken = new SequencedLog(path.join(folder, 'broken.soup'));
  fill(broken, 5);
  const [failing, ...others] = [...underWay];
  assert.equal(others.length, 3, 'four are being written');
  underWay.clear();
  failing[1](Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }), 0);
  assert.equal(broken.brokenBy?.message, 'ENOSPC');
  const next = new SequencedLog(path.join(folder, 'next.soup'));
  const taken = fill(next, 5);
  for (const [bytes] of others) assert.ok(!taken.includes(placeOf(bytes)), 'it is written still');
  for (const [bytes, done] of others) done(null, bytes.length);
  writing.mock.restore();
  const later = fill(new SequencedLog(path.join(folder, 'later.soup')), 5);
  for (const [bytes] of others) assert.ok(later.includes(placeOf(bytes)), 'it is used again');
});

test('a reader of a log whose file has lost its end is told, and misses nothing without a word', async () => {
  const log = new SequencedLog(path.join(folder, 'lost.soup'));
  for (let i = 0; i < 10; i++) log.claim(60_000);
  await until(
    () => log.fromMemory(0) === undefined,
    () => 'the first pieces in the file',
  );
  const read = (place: number) => new Promise<Error | undefined>((resolve) => log.fromFile(place, (error) => resolve(error)));
  assert.equal(await read(0), undefined);
  for (const left of [200_000, 100_000, 60_003, 0]) {
    fs.truncateSync(log.file, left);
    assert.match(String(await read(0)), /shorter/, `${left} bytes are left`);
  }
});
