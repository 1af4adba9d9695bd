/** Journals on a disk that is full, short of descriptors, or fails. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { isShortage, RealDisk } from '../src/disk.ts';
import { segmentName } from '../src/format.ts';
import { JournalReader } from '../src/journal-reader.ts';
import { allocateSegment, JournalWriter, SPARE_NAME } from '../src/journal-writer.ts';
import { listSegments } from '../src/segments.ts';
import { append, filesOf, newDirectory, OPTIONS, readAll, SMALL_SEGMENT, upTo, writerIn } from './support/journals.ts';
import { smallDisk } from './support/small-disk.ts';

describe('a disk that fails', () => {
  class FailingDisk extends RealDisk {
    fail = '';
    override create(file: string, mode: number): number {
      if (this.fail === 'descriptors') throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
      return super.create(file, mode);
    }
    override write(fd: number, parts: Uint8Array[], position: number): number {
      if (this.fail === 'full') throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      const written = super.write(fd, parts, position);
      return this.fail === 'short' ? written - 1 : written;
    }
    override sync(fd: number): void {
      if (this.fail === 'sync') throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
      if (this.fail === 'full sync') throw Object.assign(new Error('ENOSPC: no space left on device, fdatasync'), { code: 'ENOSPC' });
      super.sync(fd);
    }
  }

  it('that has no room or no descriptor may be tried again, and is not failed', () => {
    for (const fault of ['full', 'short', 'descriptors']) {
      const directory = newDirectory();
      const disk = new FailingDisk();
      const writer = writerIn(directory, 1, undefined, disk);
      append(writer, [10]);
      const tries: unknown[] = [];
      for (let at = 11; at < 200; at++) {
        disk.fail = at % 7 === 0 ? fault : '';
        try {
          append(writer, [1]);
        } catch (error) {
          assert.ok(isShortage(error), String(error));
          tries.push(error);
          disk.fail = '';
          append(writer, [1]);
        }
      }
      writer.close();
      assert.ok(tries.length > 0);
      const reader = new JournalReader(directory, 1);
      assert.deepEqual(readAll(reader), upTo(199));
      assert.equal(reader.examineEnd().kind, 'clean');
      reader.close();
    }
  });

  it('whose sync fails is failed, whatever the reason it gives', () => {
    const disk = new FailingDisk();
    const writer = writerIn(newDirectory(), 1, undefined, disk);
    append(writer, [1]);
    disk.fail = 'full sync';
    assert.throws(
      () => append(writer, [1]),
      (error: Error) => /ENOSPC/.test(error.message) && !isShortage(error),
    );
    writer.close();
  });

  it('needs no file descriptor for the next segment once one is prepared, and one at most without', () => {
    const directory = newDirectory();
    const disk = new FailingDisk();
    const writer = writerIn(directory, 1, undefined, disk);
    append(writer, [10]);
    fs.closeSync(allocateSegment(path.join(directory, SPARE_NAME), SMALL_SEGMENT));
    writer.openSpare();
    disk.fail = 'descriptors';
    append(writer, [60]);
    assert.equal(listSegments(directory).length, 2);
    writer.close();
  });

  it('goes on when memory is short, or a call was interrupted, while the next segment is looked for', (t) => {
    for (const code of ['ENOMEM', 'EINTR', 'ENFILE']) {
      const directory = newDirectory();
      const writer = writerIn(directory, 1, undefined, new FailingDisk());
      append(writer, [10]);
      const failing = t.mock.method(fs, 'openSync', () => {
        throw Object.assign(new Error(`${code}: not now`), { code });
      });
      writer.openSpare();
      failing.mock.restore();
      append(writer, [60]);
      assert.equal(listSegments(directory).length, 2);
      writer.close();
    }
  });

  for (const [fault, message] of [
    ['full', /ENOSPC/],
    ['short', /wrote 127 of 128 bytes/],
    ['sync', /EIO/],
  ] as const) {
    it(`is told of at once (${fault}), and nothing counts as written`, () => {
      const directory = newDirectory();
      const disk = new FailingDisk();
      const writer = writerIn(directory, 1, undefined, disk);
      append(writer, [3]);
      disk.fail = fault;
      assert.throws(() => append(writer, [1]), message);
      assert.equal(writer.nextSequence, 4);
      writer.close();
    });
  }

  it('leaves no half segment behind when there is no room for a whole one', (t) => {
    const disk = smallDisk(1024 * 1024);
    if (typeof disk === 'string') return t.skip(disk);
    const writer = new JournalWriter({ ...OPTIONS, directory: disk.directory, segmentBytes: 700_000 }, 1);
    try {
      assert.throws(() => append(writer, [20_000]), /ENOSPC/);
      assert.deepEqual(filesOf(disk.directory), [segmentName(1)]);
    } finally {
      writer.close();
      disk.remove();
    }
  });
});
