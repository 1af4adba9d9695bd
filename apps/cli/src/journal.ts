/** The `journal` command: prints and examines the journal of a venue, which may run. */
import fs from 'node:fs';
import path from 'node:path';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { type EngineLimits, limitsFrom, widest } from '@outcry/engine/limits';
import { JournalDamage, JournalMismatch, RECORD_BYTES } from '@outcry/journal/format';
import { JournalReader } from '@outcry/journal/journal-reader';
import { listSegments } from '@outcry/journal/segments';
import { evidenceOf, journalNumberOf, lossOf, type Stored } from '@outcry/replica/evidence';
import { type FoundSnapshot, findNote, findSnapshots, type Inspection, inspect, unfit } from '@outcry/replica/inspection';
import { restore, strayed } from '@outcry/replica/recovery';
import { readConfig } from '@outcry/venue/domain/config-sources';
import { holderOf } from '@outcry/venue/spine/lock';
import { SqliteStore } from '@outcry/venue/store/sqlite/sqlite-store';
import { Command, InvalidArgumentError } from 'commander';
import { describeCommand } from './describe-command.ts';
import { print, printTable, progressBar } from './output.ts';

const RECORD_WORDS = RECORD_BYTES / 4;

function sequenceNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a sequence number, from 1.');
  return value;
}

export function journalCommand(): Command {
  const journal = new Command('journal').description('Look into the journal of a data directory, also while the venue runs.');
  journal
    .command('dump')
    .description('Print every command, oldest first: its sequence number and its fields in ticks, lots and units.')
    .option('--data <dir>', "the venue's data directory", 'data')
    .option('--from <n>', 'first sequence number', sequenceNumber, 1)
    .option('--to <n>', 'last sequence number (default: the newest)', sequenceNumber)
    .option('--json', 'print one JSON object a command, each on its line')
    .action(dump);
  journal
    .command('verify')
    .description('Check every checksum and sequence number, and every snapshot against the commands before it.')
    .option('--data <dir>', "the venue's data directory", 'data')
    .option('--config <file>', "the venue's configuration; needed when its store is outside the data directory")
    .option('--no-state', 'checksums and sequence numbers only: do not apply the commands')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nEnds with 1 when something is damaged, and says at which byte of which file.\n')
    .action(verify);
  return journal;
}

function journalOf(data: string): string {
  const directory = path.join(data, 'journal');
  if (!fs.existsSync(directory)) throw new Error(`there is no ${directory}: is --data the data directory of a venue?`);
  return directory;
}

async function dump({
  data,
  from,
  to = Number.MAX_SAFE_INTEGER,
  json,
}: {
  data: string;
  from: number;
  to?: number;
  json?: boolean;
}): Promise<void> {
  const reader = new JournalReader(journalOf(data), from);
  try {
    for (let batch = reader.read(to); batch !== undefined; batch = reader.read(to)) {
      const lines: string[] = [];
      for (let i = 0; i < batch.count && batch.firstSequence + i <= to; i++) {
        const sequence = batch.firstSequence + i;
        const fields = describeCommand(batch.i32, batch.f64, batch.at + i * RECORD_WORDS);
        lines.push(json ? JSON.stringify({ sequence, ...fields }) : `${String(sequence).padStart(10)}  ${inWords(fields)}`);
      }
      await print(`${lines.join('\n')}\n`);
    }
  } finally {
    reader.close();
  }
}

function inWords({ kind, time, ...fields }: Record<string, string | number>): string {
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name} ${typeof value === 'string' && name === 'text' ? JSON.stringify(value) : value}`,
  );
  return [String(kind).padEnd(17), ...(time === undefined ? [] : [time]), ...rest].join(' ');
}

interface Verdict {
  segments: number;
  firstSequence: number;
  lastSequence: number;
  /** bytes of a batch that never became whole: not acknowledged, and cut off at the next start */
  tornBytes: number;
  /** hash over every event that the commands cause; absent without --state */
  stateHash?: string;
  snapshots: { file: string; sequence: number; state: string }[];
  damage: string[];
  /** files that are not used */
  warnings: string[];
  running: boolean;
}

async function verify({ data, config, state, json }: { data: string; config?: string; state: boolean; json?: boolean }): Promise<void> {
  const store = (config === undefined ? undefined : readConfig(config).storeFile) ?? path.join(data, 'store.sqlite');
  const verdict = await examine(journalOf(data), store, state, holderOf(data) !== undefined);
  if (verdict.damage.length > 0) process.exitCode = 1;
  if (json) console.log(JSON.stringify(verdict));
  else printVerdict(verdict);
}

async function examine(directory: string, store: string, withState: boolean, running: boolean): Promise<Verdict> {
  const warnings: string[] = [];
  const segments = listSegments(directory);
  const [firstSequence, lastSequence] = [segments[0]?.firstSequence ?? 0, 0];
  const verdict: Verdict = {
    segments: segments.length,
    firstSequence,
    lastSequence,
    tornBytes: 0,
    snapshots: [],
    damage: [],
    warnings,
    running,
  };
  const snapshots = findSnapshots(directory, verdict.damage);
  const note = findNote(directory, verdict.damage);
  try {
    const found = inspect(directory, new Set([...snapshots.map(({ head }) => head.sequence), note?.sequence ?? 0]), running);
    const journal = journalNumberOf(found, note, snapshots);
    const own = snapshots.filter(({ head }) => head.journal === journal);
    verdict.lastSequence = found.sequence;
    warnings.push(...found.survey.foreign.map((name) => `${name} is not the journal's`));
    if (found.end.kind === 'torn') verdict.tornBytes = found.end.bytes;
    const loss = running ? undefined : lossOf(found, evidenceOf(journal, own, note, await storedIn(store, warnings)));
    if (loss !== undefined) verdict.damage.push(loss);
    compareSnapshots(verdict, directory, found, snapshots, withState);
  } catch (error) {
    if (!(error instanceof JournalDamage || error instanceof JournalMismatch)) throw error;
    verdict.damage.push(error.message);
    verdict.lastSequence = readable(directory);
  }
  return verdict;
}

/** What the store knows; undefined where it cannot be asked. */
async function storedIn(store: string, warnings: string[]): Promise<Stored | undefined> {
  try {
    return await new SqliteStore(store).stored();
  } catch (error) {
    warnings.push(`${store}: ${(error as Error).message}`);
    return undefined;
  }
}

/** The last command that can be read. */
function readable(directory: string): number {
  let last = 0;
  let reader: JournalReader | undefined;
  try {
    reader = new JournalReader(directory, 1);
    while (reader.read() !== undefined) last = reader.nextSequence - 1;
  } catch (error) {
    if (!(error instanceof JournalDamage || error instanceof JournalMismatch)) throw error;
  } finally {
    reader?.close();
  }
  return last;
}

/** Compares each snapshot with what the commands before it lead to; without the state, its sums and its place only. */
function compareSnapshots(
  verdict: Verdict,
  directory: string,
  found: Inspection,
  snapshots: readonly FoundSnapshot[],
  withState: boolean,
): void {
  const room = snapshots.reduce((most, { head }) => widest(most, limitsFrom(head.room)), found.limits);
  const hashes = withState ? hashesAt(directory, room, found.sequence, new Set(snapshots.map(({ sequence }) => sequence))) : undefined;
  if (hashes !== undefined) verdict.stateHash = hashes.get(found.sequence) ?? hex([0, 0]);
  for (const snapshot of snapshots) {
    const file = path.basename(snapshot.path);
    const state = unfit(snapshot, found.survey.journal) ?? strayed(snapshot, found) ?? stateOf(snapshot, room, hashes);
    if (state !== 'sums are right' && state !== 'equals the journal') verdict.damage.push(`snapshot ${file}: ${state}`);
    verdict.snapshots.push({ file, sequence: snapshot.sequence, state });
  }
}

function stateOf(snapshot: FoundSnapshot, room: EngineLimits, hashes: ReadonlyMap<number, string> | undefined): string {
  const engine = new Engine(new LocalEvents(), room);
  const why = restore(engine, snapshot);
  if (why !== undefined) return why;
  if (hashes === undefined) return 'sums are right';
  return hashes.get(snapshot.sequence) === hex(engine.hash) ? 'equals the journal' : 'differs from the journal';
}

/** The story hashes after some commands, and after the last one. */
function hashesAt(directory: string, room: EngineLimits, last: number, wanted: ReadonlySet<number>): Map<number, string> {
  const hashes = new Map<number, string>();
  const events = new LocalEvents();
  const engine = new Engine(events, room);
  const reader = new JournalReader(directory, 1);
  const bar = progressBar('verify', 100);
  for (let batch = reader.read(last); batch !== undefined; batch = reader.read(last)) {
    for (let i = 0; i < batch.count; i++) {
      engine.apply(batch.i32, batch.f64, batch.at + i * RECORD_WORDS);
      events.clear();
      if (wanted.has(engine.sequence)) hashes.set(engine.sequence, hex(engine.hash));
    }
    bar.update(Math.floor((engine.sequence / last) * 100));
  }
  bar.stop();
  reader.close();
  return hashes.set(last, hex(engine.hash));
}

function printVerdict(verdict: Verdict): void {
  const { segments, firstSequence, lastSequence, tornBytes, stateHash, snapshots, damage, warnings, running } = verdict;
  printTable(
    ['journal', ''],
    [
      ['segments', String(segments)],
      ['commands', lastSequence === 0 ? 'none' : `${firstSequence} to ${lastSequence}`],
      [
        'end',
        running ? 'being written: the venue runs' : tornBytes === 0 ? 'clean' : `${tornBytes} bytes of a batch that was never acknowledged`,
      ],
      ...(stateHash === undefined ? [] : [['state hash', stateHash]]),
      ...snapshots.map(({ file, state }) => [file, state]),
    ],
  );
  for (const line of warnings) console.log(`not used: ${line}`);
  for (const line of damage) console.log(`damaged: ${line}`);
  if (damage.length === 0) console.log('Nothing is damaged.');
}

function hex([high, low]: readonly [number, number]): string {
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
