// A journal of your own: 64-byte records of any content, durable when append returns, found again after a crash.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { JournalReader, JournalWriter, RECORD_BYTES } from '@outcry/journal';

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'journal-example-'));
const options = { directory, durability: 'fsync', segmentBytes: 1 << 20, partition: 0, journal: 4711, version: 1 } as const;

function write(first: number, texts: string[]): void {
  const found = new JournalReader(directory, 1);
  while (found.read() !== undefined);
  assert.equal(found.nextSequence, first, 'a writer goes on where the records end');
  const writer = new JournalWriter(options, found.nextSequence, found.tail);
  found.close();
  const records = Buffer.alloc(texts.length * RECORD_BYTES);
  for (const [i, text] of texts.entries()) records.write(text, i * RECORD_BYTES);
  assert.ok(writer.batchRoom() >= texts.length);
  writer.append(records, undefined);
  writer.close();
}

write(1, ['the first record', 'the second one']);
write(3, ['and one after a restart']);

const reader = new JournalReader(directory, 1);
const read: string[] = [];
for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
  const bytes = Buffer.from(batch.i32.buffer, batch.i32.byteOffset + batch.at * 4, batch.count * RECORD_BYTES);
  for (let i = 0; i < batch.count; i++) {
    const record = bytes.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
    read.push(`${batch.firstSequence + i}: ${record.subarray(0, record.indexOf(0)).toString()}`);
  }
}
reader.close();
fs.rmSync(directory, { recursive: true });

console.log(read.join('\n'));
assert.deepEqual(read, ['1: the first record', '2: the second one', '3: and one after a restart']);
