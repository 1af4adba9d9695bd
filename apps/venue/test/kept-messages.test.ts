import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileFixStore } from '../src/fix/fix-store.ts';
import { SequencedLog } from '../src/soup/sequenced-log.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-kept-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('a sequenced log gives back any message: from memory, on its way to the file, and from the file', async () => {
  const log = new SequencedLog(folder, 'log');
  const sizes = Array.from({ length: 200_000 }, (_, i) => 4 + ((i * 7919) % 90));
  const check = () => {
    for (const number of [1, 2, 1023, 1024, 1025, 9999, 70_000, 199_999, 200_000]) {
      const packet = log.read(log.offsetOf(number), 7);
      assert.deepEqual([packet.readUInt16BE(0), packet.readUInt32BE(3)], [sizes[number - 1] + 1, number]);
    }
  };
  for (const [i, size] of sizes.entries()) {
    const at = log.claim(size);
    log.view.setUint32(at, i + 1);
  }
  log.flush();
  assert.equal(log.next, 200_001);
  check();
  await until(
    () => fs.statSync(log.file).size > log.bytes - 256 * 1024,
    () => 'the file',
    5000,
  );
  check();
  assert.equal(log.read(log.offsetOf(200_001), 100).length, 0);
  log.close();
});

test('what a reader has not done with stays as it is, and its memory is used again after that', async () => {
  const log = new SequencedLog(folder, 'slow');
  let held: { packets: Uint8Array; before: string; done: () => void }[] = [];
  const buffers = new Set<ArrayBufferLike>();
  log.reader = {
    take: (packets, done) => {
      buffers.add(packets.buffer);
      held.push({ packets, before: Buffer.from(packets).toString('hex'), done });
    },
  };
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
  const used = buffers.size;
  assert.ok(used >= 8, `${used} pieces for what nobody is done with`);
  for (let round = 0; round < 3; round++) {
    for (const { done } of held) done();
    held = [];
    await sleep(50);
    await fill();
  }
  assert.ok(buffers.size <= used + 4, `${buffers.size} pieces in all`);
  log.reader = undefined; // a reader that is too slow is served from the file, and still holds what it was given
  await fill();
  log.close();
});

test('on a full disk a log says so once, and forgets what it cannot keep', async () => {
  fs.symlinkSync('/dev/full', path.join(folder, 'full.soup'));
  const log = new SequencedLog(folder, 'full');
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
  log.close();
});

test('a FIX store keeps its numbers and messages over a restart, a cut end, and a full disk', () => {
  const store = new FileFixStore(folder, 'session');
  for (let i = 1; i <= 5; i++) {
    store.save(i, Buffer.from(`message ${i}`));
    store.nextOut = i + 1;
  }
  store.nextIn = 9;
  store.close();
  fs.truncateSync(path.join(folder, 'session.fix'), fs.statSync(path.join(folder, 'session.fix')).size - 3);
  const again = new FileFixStore(folder, 'session');
  assert.deepEqual([again.nextIn, again.nextOut], [9, 5], 'the last message was cut off: it never went out');
  assert.equal(again.load(4)?.toString(), 'message 4');
  assert.equal(again.load(5), undefined);
  again.close();
  fs.symlinkSync('/dev/full', path.join(folder, 'full.fix'));
  fs.symlinkSync('/dev/full', path.join(folder, 'full.seq'));
  const full = new FileFixStore(folder, 'full');
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
