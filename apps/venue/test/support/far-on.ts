import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { listSnapshots, readSnapshot, writeSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command, commandHead } from '@outcry/market/command';

/**
 * Lets the data directory of a venue that has ended be as after so many commands that changed nothing: its snapshot counts them, its
 * store holds them, and of the journal there is what came after.
 */
export function moveFarOn(data: string, commands: number): void {
  const directory = path.join(data, 'journal');
  const snapshots = listSnapshots(directory);
  const { head, parts: kept } = readSnapshot(snapshots[0].path);
  const parts = kept.map((part) => Uint8Array.from(part));
  const WRITER = 0;
  new Float64Array(parts[WRITER].buffer, 0, 1)[0] = commands; // its first number is the sequence
  for (const name of fs.readdirSync(directory)) fs.rmSync(path.join(directory, name));
  writeSnapshot(directory, { ...head, sequence: commands, batch: 0 }, parts);
  const { journal: number, version } = head;
  const options = { directory, durability: 'fsync' as const, segmentBytes: 1 << 20, partition: 0, journal: number, version };
  const journal = new JournalWriter(options, commands + 1);
  const record = new Int32Array(command.WORDS);
  record[command.HEAD] = commandHead(COMMAND.CLOCK);
  journal.batchRoom();
  journal.append(new Uint8Array(record.buffer), undefined);
  journal.close();
  const store = new DatabaseSync(path.join(data, 'store.sqlite'));
  store.prepare(`UPDATE meta SET value = ? WHERE name = 'sequence'`).run(commands);
  store.close();
}
