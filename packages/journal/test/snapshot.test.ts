import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { listSnapshots, readSnapshot, readSnapshotHead, writeSnapshot } from '../src/snapshot.ts';
import { smallDisk } from './support/small-disk.ts';

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-snapshot-'));
after(() => fs.rmSync(directory, { recursive: true }));

const HEAD = { sequence: 42, journal: 4711, batch: -7, version: 3, room: [10, 4] };
const parts = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(100_000).fill(7)];

describe('snapshot', () => {
  it('comes back part by part', () => {
    const file = writeSnapshot(directory, HEAD, parts);
    const { head, parts: read } = readSnapshot(file);
    assert.deepEqual(
      read.map((part) => Uint8Array.from(part)),
      parts,
    );
    assert.deepEqual({ ...head, room: head.room.slice(0, 2) }, HEAD);
    assert.deepEqual(readSnapshotHead(file), head);
  });

  it('is listed newest first, and half-written ones are not', () => {
    writeSnapshot(directory, { ...HEAD, sequence: 7 }, parts);
    fs.writeFileSync(path.join(directory, 'snapshot-0000000000000099.img.tmp'), 'half');
    assert.deepEqual(
      listSnapshots(directory).map(({ sequence }) => sequence),
      [42, 7],
    );
    assert.deepEqual(listSnapshots(path.join(directory, 'nowhere')), []);
  });

  it('is refused with its name when any byte of it is wrong or missing', () => {
    const file = writeSnapshot(directory, { ...HEAD, sequence: 43 }, parts);
    const good = fs.readFileSync(file);
    for (let at = 0; at < good.length; at += at < 200 ? 1 : 9973) {
      const bad = Buffer.from(good);
      bad[at] ^= 0x10;
      fs.writeFileSync(file, bad);
      assert.throws(() => readSnapshot(file), /snapshot-0000000000000043\.img/, `byte ${at}`);
    }
    for (const length of [0, 63, 64, 127, 128, 150, good.length - 1]) {
      fs.writeFileSync(file, good.subarray(0, length));
      assert.throws(() => readSnapshot(file), /snapshot-0000000000000043\.img/, `${length} bytes`);
    }
  });

  it('that does not fit the disk leaves the earlier ones alone', (t) => {
    const disk = smallDisk(256 * 1024);
    if (typeof disk === 'string') return t.skip(disk);
    try {
      writeSnapshot(disk.directory, { ...HEAD, sequence: 1 }, [new Uint8Array(100_000)]);
      assert.throws(() => writeSnapshot(disk.directory, { ...HEAD, sequence: 2 }, [new Uint8Array(300_000)]), /ENOSPC/);
      assert.deepEqual(fs.readdirSync(disk.directory), [path.basename(listSnapshots(disk.directory)[0].path)]);
    } finally {
      disk.remove();
    }
  });
});
