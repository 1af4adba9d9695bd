import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { batchHead, JournalDamage, MAX_BATCH, RECORD_BYTES, segmentHead, segmentName } from '../src/format.ts';
import { JournalReader, listSegments } from '../src/journal-reader.ts';
import { allocateSegment, type Durability, type JournalDisk, JournalWriter, realDisk, spareName } from '../src/journal-writer.ts';
import { smallDisk } from './support/small-disk.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-journal-'));
after(() => fs.rmSync(root, { recursive: true }));
let count = 0;

function newDirectory(): string {
  const directory = path.join(root, String(count++));
  fs.mkdirSync(directory);
  return directory;
}

const SMALL_SEGMENT = 4096;

function writerIn(
  directory: string,
  next = 1,
  tail?: { path: string; offset: number },
  disk?: JournalDisk,
  durability: Durability = 'fsync',
) {
  return new JournalWriter({ directory, durability, segmentBytes: SMALL_SEGMENT, partition: 0 }, next, tail, disk);
}

/** Records made of their sequence number, with no zero at their end. */
function records(first: number, many: number): Uint8Array {
  const words = new Int32Array((many * RECORD_BYTES) / 4);
  for (let i = 0; i < many; i++) {
    words.fill(first + i, i * 16, (i + 1) * 16);
    words[i * 16 + 15] = ~(first + i);
  }
  return new Uint8Array(words.buffer);
}

function append(writer: JournalWriter, sizes: number[]): void {
  for (const size of sizes) {
    let left = size;
    while (left > 0) {
      const now = Math.min(left, writer.batchRoom());
      writer.append(records(writer.nextSequence, now), undefined);
      left -= now;
    }
  }
}

function readAll(reader: JournalReader, upTo?: number): number[] {
  const found: number[] = [];
  for (let batch = reader.read(upTo); batch !== undefined; batch = reader.read(upTo)) {
    assert.equal(batch.i32[batch.at], batch.firstSequence);
    for (let i = 0; i < batch.count; i++) found.push(batch.i32[batch.at + i * 16]);
  }
  return found;
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function damage(file: string, at: number, change: (byte: number) => number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = change(bytes[at]);
  fs.writeFileSync(file, bytes);
}

describe('journal', () => {
  it('gives back every command in order, across batches and segments, from any sequence number', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 12 }), fc.nat(), (sizes, from) => {
        const directory = newDirectory();
        const writer = writerIn(directory);
        append(writer, sizes);
        const last = writer.nextSequence - 1;
        writer.close();
        const first = 1 + (from % last);
        const reader = new JournalReader(directory, first);
        assert.deepEqual(readAll(reader), upTo(last, first));
        assert.equal(reader.nextSequence, last + 1);
        assert.equal(reader.examineEnd(), 0);
        reader.close();
      }),
      { numRuns: 30 },
    );
  });

  it('writes a batch that lies in two parts of a ring as one', () => {
    const directory = newDirectory();
    const writer = writerIn(directory);
    writer.batchRoom();
    writer.append(records(1, 3), records(4, 2));
    writer.close();
    const reader = new JournalReader(directory, 1);
    assert.equal(reader.read()?.count, 5);
    reader.close();
  });

  it('is read while it is written, and never beyond the sequence number that is allowed', () => {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, [5]);
    const reader = new JournalReader(directory, 1);
    assert.deepEqual(readAll(reader), upTo(5));
    append(writer, [5, 70]);
    assert.deepEqual(readAll(reader, 6), upTo(10, 6));
    assert.deepEqual(readAll(reader, 5), []);
    assert.deepEqual(readAll(reader), upTo(80, 11));
    reader.close();
    writer.close();
  });

  it('goes on where recovery found its end, in the same segment or in a new one', () => {
    const directory = newDirectory();
    for (let run = 0; run < 6; run++) {
      const reader = new JournalReader(directory, 1);
      readAll(reader);
      const writer = writerIn(directory, reader.nextSequence, reader.tail);
      reader.close();
      append(writer, [25]);
      writer.close();
    }
    const reader = new JournalReader(directory, 1);
    assert.deepEqual(readAll(reader), upTo(150));
    assert.ok(listSegments(directory).length > 1);
    reader.close();
  });

  it('takes a segment that was prepared for it', () => {
    const directory = newDirectory();
    allocateSegment(path.join(directory, spareName(1)), SMALL_SEGMENT);
    const writer = writerIn(directory);
    append(writer, [1]);
    assert.deepEqual(fs.readdirSync(directory), [segmentName(1)]);
    assert.equal(writer.segment, path.join(directory, segmentName(1)));
    assert.equal(writer.room, SMALL_SEGMENT - segmentHead.BYTES - batchHead.BYTES - RECORD_BYTES);
    writer.close();
  });

  it('writes nothing when told to keep nothing', () => {
    const directory = newDirectory();
    const writer = writerIn(directory, 1, undefined, undefined, 'none');
    assert.equal(writer.batchRoom(), MAX_BATCH);
    append(writer, [5]);
    assert.equal(writer.nextSequence, 6);
    assert.deepEqual(fs.readdirSync(directory), []);
    writer.close();
  });

  it('is empty where there is none', () => {
    const reader = new JournalReader(path.join(root, 'nowhere'), 1);
    assert.deepEqual([readAll(reader), reader.tail, reader.examineEnd()], [[], undefined, 0]);
  });
});

describe('a journal after a crash', () => {
  it('recovers every whole batch before a tail torn at any byte, and cuts the rest', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (cut, garbage) => {
        const directory = newDirectory();
        const writer = writerIn(directory);
        append(writer, [4, 6]);
        const end = SMALL_SEGMENT - writer.room;
        const start = end - batchHead.BYTES - 6 * RECORD_BYTES;
        writer.close();
        const file = path.join(directory, segmentName(1));
        const bytes = fs.readFileSync(file);
        const torn = start + (cut % (end - start));
        bytes.fill(garbage ? 0xa5 : 0, torn, end);
        fs.writeFileSync(file, bytes);

        const reader = new JournalReader(directory, 1);
        assert.deepEqual(readAll(reader), upTo(4));
        reader.cutTail(reader.examineEnd());
        assert.equal(reader.examineEnd(), 0);
        const { tail } = reader;
        reader.close();
        const again = writerIn(directory, 5, tail);
        append(again, [3]);
        again.close();
        const whole = new JournalReader(directory, 1);
        assert.deepEqual(readAll(whole), upTo(7));
        assert.equal(whole.examineEnd(), 0);
        whole.close();
      }),
      { numRuns: 60 },
    );
  });

  it('starts anew in a segment whose head never reached the disk', () => {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, [4]);
    writer.close();
    allocateSegment(path.join(directory, segmentName(5)), SMALL_SEGMENT);
    const reader = new JournalReader(directory, 1);
    assert.deepEqual(readAll(reader), upTo(4));
    assert.equal(reader.examineEnd(), 0);
    reader.close();
  });
});

describe('a damaged journal', () => {
  function written(sizes: number[]): { directory: string; file: string } {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, sizes);
    writer.close();
    return { directory, file: path.join(directory, segmentName(1)) };
  }

  function refusal(directory: string): JournalDamage {
    try {
      const reader = new JournalReader(directory, 1);
      readAll(reader);
      reader.examineEnd();
    } catch (error) {
      assert.ok(error instanceof JournalDamage, String(error));
      return error;
    }
    assert.fail('it was accepted');
  }

  it('is refused wherever one bit of a batch flips that others follow, and says where', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (where, bit) => {
        const { directory, file } = written([4, 4, 4]);
        const batch = batchHead.BYTES + 4 * RECORD_BYTES;
        const start = segmentHead.BYTES + batch;
        damage(file, start + (where % batch), (byte) => byte ^ (1 << bit));
        const error = refusal(directory);
        assert.equal(error.offset, start);
        assert.match(error.message, /journal-0000000000000001\.log is damaged at byte 384: a broken batch, yet a good one follows/);
      }),
      { numRuns: 100 },
    );
  });

  it('is refused when a broken segment is followed by another', () => {
    const { directory, file } = written([50, 50]);
    const [, second] = listSegments(directory);
    damage(file, SMALL_SEGMENT - 200, (byte) => byte ^ 1);
    assert.match(refusal(directory).message, new RegExp(`yet ${path.basename(second.path)} follows`));
  });

  it('is refused when a segment is missing, broken at its head, or under a wrong name', () => {
    const { directory, file } = written([50, 50]);
    const bytes = fs.readFileSync(file);
    damage(file, 20, (byte) => byte ^ 1);
    assert.match(refusal(directory).message, /damaged at byte 0: the segment's head is broken/);
    fs.writeFileSync(file, bytes.subarray(0, 10));
    assert.match(refusal(directory).message, /has no head/);
    fs.rmSync(file);
    assert.match(refusal(directory).message, /begins at command \d+, but 1 is needed/);
    fs.writeFileSync(path.join(directory, segmentName(1)), fs.readFileSync(listSegments(directory)[0].path));
    assert.match(refusal(directory).message, /the head says command \d+, the name 1/);
  });
});

describe('a disk that fails', () => {
  class FailingDisk implements JournalDisk {
    fail = '';
    write(fd: number, parts: Uint8Array[], position: number): number {
      if (this.fail === 'full') throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      const written = realDisk.write(fd, parts, position);
      return this.fail === 'short' ? written - 1 : written;
    }
    sync(fd: number): void {
      if (this.fail === 'sync') throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
      realDisk.sync(fd);
    }
  }

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
    const writer = new JournalWriter({ directory: disk.directory, durability: 'fsync', segmentBytes: 700_000, partition: 0 }, 1);
    try {
      assert.throws(() => append(writer, [20_000]), /ENOSPC/);
      assert.deepEqual(fs.readdirSync(disk.directory), [segmentName(1)]);
    } finally {
      writer.close();
      disk.remove();
    }
  });
});
