/** The journal: written, and read while it is written. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { batchHead, RECORD_BYTES, segmentHead, segmentName } from '../src/format.ts';
import { JournalReader } from '../src/journal-reader.ts';
import { allocateSegment, SPARE_NAME } from '../src/journal-writer.ts';
import { listSegments } from '../src/segments.ts';
import { append, filesOf, newDirectory, readAll, records, root, SMALL_SEGMENT, upTo, writerIn } from './support/journals.ts';

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
        assert.equal(reader.examineEnd().kind, 'clean');
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
    fs.closeSync(allocateSegment(path.join(directory, SPARE_NAME), SMALL_SEGMENT));
    const writer = writerIn(directory);
    append(writer, [1]);
    assert.deepEqual(filesOf(directory), [segmentName(1)]);
    assert.equal(writer.segment, path.join(directory, segmentName(1)));
    assert.equal(writer.room, SMALL_SEGMENT - segmentHead.BYTES - batchHead.BYTES - RECORD_BYTES);
    writer.close();
  });

  it('is empty where there is none', () => {
    const reader = new JournalReader(path.join(root, 'nowhere'), 1);
    assert.deepEqual([readAll(reader), reader.tail, reader.examineEnd().kind], [[], undefined, 'clean']);
  });
});
