/** A write-ahead log of 64-byte records, with snapshots and recovery: see README.md. */
export { type JournalDisk, realDisk } from './disk.ts';
export { replaceFile } from './durable-file.ts';
export { JournalDamage, JournalMismatch, RECORD_BYTES } from './format.ts';
export { cutEnd } from './journal-end.ts';
export { type Batch, JournalReader, type Tail } from './journal-reader.ts';
export { DEFAULT_SEGMENT_BYTES, type Durability, type JournalOptions, JournalWriter } from './journal-writer.ts';
export { listSnapshots, readSnapshot, type SnapshotHead, writeSnapshot } from './snapshot.ts';
