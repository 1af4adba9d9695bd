/** Journals after a crash, and damaged ones: cut, or refused with the place. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RealDisk } from '../src/disk.ts';
import { readNote } from '../src/durable-note.ts';
import { batchHead, JournalDamage, JournalMismatch, RECORD_BYTES, SECTOR, segmentHead, segmentName } from '../src/format.ts';
import { cutEnd, type JournalEnd } from '../src/journal-end.ts';
import { JournalReader, type Tail } from '../src/journal-reader.ts';
import { listSegments, surveyJournal } from '../src/segments.ts';
import { append, damage, JOURNAL, newDirectory, readAll, records, SMALL_SEGMENT, upTo, writerIn } from './support/journals.ts';

describe('a journal after a crash', () => {
  /** A journal of two batches, four commands and `many`, whose second one is changed. */
  function withLast(many: number, change: (batch: Buffer, start: number) => void): { directory: string; file: string; start: number } {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, [4, many]);
    writer.close();
    const file = path.join(directory, segmentName(1));
    const start = segmentHead.BYTES + batchHead.BYTES + 4 * RECORD_BYTES;
    const bytes = fs.readFileSync(file);
    change(bytes.subarray(start, start + batchHead.BYTES + many * RECORD_BYTES), start);
    fs.writeFileSync(file, bytes);
    return { directory, file, start };
  }

  function endOf(directory: string): { end: JournalEnd; tail: Tail } {
    const reader = new JournalReader(directory, 1);
    assert.deepEqual(readAll(reader), upTo(4));
    const found = { end: reader.examineEnd(), tail: reader.tail! };
    reader.close();
    return found;
  }

  /** Cuts the end, goes on, and reads it all. */
  function goesOn(directory: string): void {
    const { end, tail } = endOf(directory);
    assert.equal(end.kind, 'torn', end.detail);
    const spoiled = fs.readFileSync(end.path).subarray(end.offset, end.offset + end.bytes);
    const kept = cutEnd(end, 5, new RealDisk());
    assert.match(path.basename(kept), /^cut-0000000000000005-\d{8}T\d{9}Z\.bin$/);
    assert.deepEqual(fs.readFileSync(kept), spoiled, 'what was cut is kept');
    assert.equal(endOf(directory).end.kind, 'clean');
    const again = writerIn(directory, 5, tail);
    append(again, [3]);
    again.close();
    const whole = new JournalReader(directory, 1);
    assert.deepEqual(readAll(whole), upTo(7));
    assert.equal(whole.examineEnd().kind, 'clean');
    whole.close();
  }

  it('recovers every whole batch before a tail that is torn between two records, keeps the rest in a file, and goes on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (many, cut) => {
        const { directory } = withLast(many, (batch) => batch.fill(0, (cut % (many + 1)) * RECORD_BYTES));
        if (cut % (many + 1) === 0) assert.equal(endOf(directory).end.kind, 'clean', 'nothing of it was written');
        else goesOn(directory);
      }),
      { numRuns: 60 },
    );
  });

  it('recovers from a tail of which any of its sectors are missing, whichever were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 20 }), (many, lost) => {
        let isWhole = true;
        const { directory } = withLast(many, (batch, start) => {
          for (let sector = Math.floor(start / SECTOR); sector * SECTOR < start + batch.length; sector++) {
            if (((lost >> (sector % 20)) & 1) === 0) continue;
            isWhole = false;
            batch.fill(0, Math.max(0, sector * SECTOR - start), Math.max(0, Math.min(batch.length, (sector + 1) * SECTOR - start)));
          }
        });
        fc.pre(!isWhole);
        if (endOf(directory).end.kind !== 'clean') goesOn(directory);
      }),
      { numRuns: 100 },
    );
  });

  it('takes a batch that is there in full and wrong for rot, whichever bit of it is flipped, and not for torn', () => {
    for (const many of [1, 6, 12]) {
      const bytes = batchHead.BYTES + many * RECORD_BYTES;
      const { directory, file, start } = withLast(many, () => undefined);
      const good = fs.readFileSync(file);
      for (let bit = 0; bit < bytes * 8; bit++) {
        const bad = Buffer.from(good);
        bad[start + (bit >> 3)] ^= 1 << (bit & 7);
        fs.writeFileSync(file, bad);
        assert.equal(endOf(directory).end.kind, 'rotten', `bit ${bit} of a batch of ${many}`);
      }
    }
  });

  it('takes other bytes in place of a batch, or of a part of it, for rot', () => {
    const of = (change: (batch: Buffer) => void) => endOf(withLast(12, change).directory).end;
    assert.equal(of((batch) => batch.fill(0xa5)).kind, 'rotten');
    assert.equal(of((batch) => batch.fill(0xa5, 300)).kind, 'rotten');
    assert.equal(of((batch) => batch.copy(batch, 256, 512)).kind, 'rotten');
  });

  it('notes what is durable beside the journal, also when the note itself is torn', () => {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, [4, 6]);
    writer.close();
    const reader = new JournalReader(directory, 1);
    readAll(reader);
    assert.deepEqual(readNote(directory), { journal: JOURNAL, sequence: 10, batch: reader.journalMark });
    reader.close();
    const file = path.join(directory, 'durable.mark');
    const good = fs.readFileSync(file);
    const records = [0, SECTOR].map((at) => {
      const torn = Buffer.from(good).fill(0, at, at + 40);
      fs.writeFileSync(file, torn);
      return readNote(directory)?.sequence;
    });
    assert.deepEqual(records.sort(), [10, 4]);
    fs.writeFileSync(file, Buffer.alloc(good.length, 0xa5));
    assert.throws(() => readNote(directory), /durable\.mark is broken/);
  });

  it('whose writes were only handed to the system may have lost any of its last batches', () => {
    for (const durability of ['os', 'fsync'] as const) {
      const directory = newDirectory();
      const writer = writerIn(directory, 1, undefined, undefined, durability);
      append(writer, [4, 8, 8]);
      writer.close();
      const file = path.join(directory, segmentName(1));
      const bytes = fs.readFileSync(file);
      bytes.fill(0, 512, 896); // the middle of the second batch
      fs.writeFileSync(file, bytes);
      if (durability === 'os') goesOn(directory);
      else assert.throws(() => endOf(directory), /a good one follows/);
      if (durability === 'os') continue;
      bytes.fill(0, 512, 1024); // and the head of the third
      fs.writeFileSync(file, bytes);
      assert.equal(endOf(directory).end.kind, 'rotten');
    }
  });

  it('starts anew in a segment whose head never reached the disk', () => {
    const directory = newDirectory();
    const writer = writerIn(directory);
    append(writer, [4]);
    writer.close();
    const file = path.join(directory, segmentName(5));
    for (const content of [Buffer.alloc(0), Buffer.alloc(10), Buffer.from('OUTCRYJ2'), Buffer.alloc(SMALL_SEGMENT), Buffer.alloc(64, 1)]) {
      fs.writeFileSync(file, content);
      assert.equal(surveyJournal(directory).unbegun?.path, file);
      const reader = new JournalReader(directory, 1);
      assert.deepEqual(readAll(reader), upTo(4));
      assert.equal(reader.examineEnd().kind, 'clean');
      reader.close();
    }
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
      surveyJournal(directory);
      const reader = new JournalReader(directory, 1);
      readAll(reader);
      reader.examineEnd();
    } catch (error) {
      assert.ok(error instanceof JournalDamage || error instanceof JournalMismatch, String(error));
      return error as JournalDamage;
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

  it('is refused when a segment is missing, broken at its head, empty, another file, or under a wrong name', () => {
    const { directory, file } = written([50, 50, 50]);
    const bytes = fs.readFileSync(file);
    damage(file, 20, (byte) => byte ^ 1);
    assert.match(refusal(directory).message, /damaged at byte 0: the segment's head is broken/);
    fs.writeFileSync(file, bytes.subarray(0, 10));
    assert.match(refusal(directory).message, /it is empty, yet other segments follow/);
    fs.writeFileSync(file, Buffer.alloc(5000, 'x'));
    assert.match(refusal(directory).message, /no head of a segment: it is damaged, or another file/);
    fs.rmSync(file);
    assert.match(
      refusal(directory).message,
      /first segment, journal-0000000000000001\.log, is missing: what there is begins at command \d+/,
    );
    fs.writeFileSync(path.join(directory, segmentName(1)), fs.readFileSync(listSegments(directory)[0].path));
    assert.match(refusal(directory).message, /the head says command \d+, the name 1/);
  });

  it('is refused when one of its segments is gone from the middle, or is there twice', () => {
    const { directory } = written([50, 50, 50]);
    const [, second, third] = listSegments(directory);
    const bytes = fs.readFileSync(second.path);
    fs.rmSync(second.path);
    const missing = `commands ${second.firstSequence} to ${third.firstSequence - 1}, between journal-0000000000000001.log and ${path.basename(third.path)}`;
    assert.match(refusal(directory).message, new RegExp(`a segment is missing: ${missing}`));
    fs.writeFileSync(second.path, bytes);
    const older = newDirectory();
    const writer = writerIn(older, second.firstSequence - 3);
    append(writer, [1]);
    writer.close();
    fs.copyFileSync(writer.segment, path.join(directory, path.basename(writer.segment)));
    assert.match(refusal(directory).message, /which journal-0000000000000001\.log holds already/);
  });

  it("is refused when a segment is another journal's, or of another life of it", () => {
    const { directory } = written([50, 50]);
    const [, second] = listSegments(directory);
    const write = (journal: number, seed: number) => {
      const other = newDirectory();
      const writer = writerIn(other, second.firstSequence, undefined, undefined, 'fsync', journal);
      assert.ok(writer.batchRoom() > 0);
      writer.append(records(seed, 3), undefined);
      writer.close();
      fs.copyFileSync(writer.segment, second.path);
    };
    write(JOURNAL + 1, 9);
    assert.match(refusal(directory).message, /is of journal 4712, journal-0000000000000001\.log of journal 4711: they are two venues'/);
    write(JOURNAL, 9);
    assert.match(refusal(directory).message, /does not follow what is before it: it is of another life of this journal/);
  });

  it('says which files in its directory are not its own', () => {
    const { directory } = written([50, 50]);
    for (const name of ['journal-1.log', 'journal-0000000000000001.log.bak', 'notes', 'cut-0000000000000005-x.bin', 'spare.tmp'])
      fs.writeFileSync(path.join(directory, name), '');
    assert.deepEqual(surveyJournal(directory).foreign, ['journal-0000000000000001.log.bak', 'journal-1.log', 'notes']);
  });
});
