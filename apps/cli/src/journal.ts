import fs from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS, Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { restoreImage } from '@outcry/engine/image';
import { JournalDamage, RECORD_BYTES } from '@outcry/journal/format';
import { JournalReader, listSegments } from '@outcry/journal/journal-reader';
import { listSnapshots, readSnapshot } from '@outcry/journal/snapshot';
import { readConfig } from '@outcry/venue/core/config';
import { holderOf } from '@outcry/venue/core/lock';
import { Command, InvalidArgumentError } from 'commander';
import { describeCommand } from './describe-command.ts';
import { printTable, progressBar } from './output.ts';

const RECORD_WORDS = RECORD_BYTES / 4;

function sequenceNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) throw new InvalidArgumentError('a sequence number, from 1');
  return value;
}

export function journalCommand(): Command {
  const journal = new Command('journal').description('Look into the journal of a data directory, also while the venue runs.');
  journal
    .command('dump')
    .description('Print every command, oldest first: its sequence number and its fields in ticks, lots and units.')
    .option('--data <dir>', 'data directory', 'data')
    .option('--from <n>', 'first sequence number', sequenceNumber, 1)
    .option('--to <n>', 'last sequence number', sequenceNumber, Number.MAX_SAFE_INTEGER)
    .option('--json', 'one JSON object a line')
    .action(dump);
  journal
    .command('verify')
    .description('Check every checksum, sequence number and snapshot, and that snapshots are what the commands before them lead to.')
    .option('--data <dir>', 'data directory', 'data')
    .option('--config <file>', "the venue's configuration, for its limits")
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

function dump({ data, from, to, json }: { data: string; from: number; to: number; json?: boolean }): void {
  const reader = new JournalReader(journalOf(data), from);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // `| head` has seen enough
    throw error;
  });
  try {
    for (let batch = reader.read(to); batch !== undefined; batch = reader.read(to)) {
      const lines: string[] = [];
      for (let i = 0; i < batch.count && batch.firstSequence + i <= to; i++) {
        const sequence = batch.firstSequence + i;
        const fields = describeCommand(batch.i32, batch.f64, batch.at + i * RECORD_WORDS);
        lines.push(json ? JSON.stringify({ sequence, ...fields }) : `${String(sequence).padStart(10)}  ${inWords(fields)}`);
      }
      fs.writeSync(1, `${lines.join('\n')}\n`);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
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
  running: boolean;
}

function verify({ data, config, state, json }: { data: string; config?: string; state: boolean; json?: boolean }): void {
  const directory = journalOf(data);
  const limits = { ...DEFAULT_LIMITS, ...(config === undefined ? {} : readConfig(config).limits) };
  const verdict = examine(directory, limits, state, holderOf(data) !== undefined);
  if (verdict.damage.length > 0) process.exitCode = 1;
  if (json) console.log(JSON.stringify(verdict));
  else printVerdict(verdict);
}

function examine(directory: string, limits: EngineLimits, withState: boolean, running: boolean): Verdict {
  const segments = listSegments(directory);
  const verdict: Verdict = {
    segments: segments.length,
    firstSequence: segments[0]?.firstSequence ?? 0,
    lastSequence: 0,
    tornBytes: 0,
    snapshots: [],
    damage: [],
    running,
  };
  const images = new Map(listSnapshots(directory).map((snapshot) => [snapshot.sequence, snapshot.path]));
  const engine = withState ? new Engine(new LocalEvents(), limits) : undefined;
  const check = (sequence: number) => {
    const file = images.get(sequence);
    if (file === undefined) return;
    images.delete(sequence);
    checkSnapshot(verdict, file, sequence, engine, limits);
  };
  const bar = progressBar('verify', Math.max(1, segments.length));
  let reader: JournalReader | undefined;
  try {
    reader = new JournalReader(directory, Math.max(1, verdict.firstSequence));
    for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
      for (let i = 0; i < batch.count; i++) {
        engine?.apply(batch.i32, batch.f64, batch.at + i * RECORD_WORDS);
        (engine?.output as LocalEvents | undefined)?.clear();
        verdict.lastSequence = batch.firstSequence + i;
        check(verdict.lastSequence);
      }
      bar.update(segments.findIndex((segment) => segment.path === reader?.tail?.path));
    }
    // A running venue may be in the middle of a write.
    if (!running) verdict.tornBytes = reader.examineEnd();
  } catch (error) {
    if (!(error instanceof JournalDamage)) throw error;
    verdict.damage.push(error.message);
  } finally {
    reader?.close();
    bar.stop();
  }
  for (const [sequence, file] of images) checkSnapshot(verdict, file, sequence, undefined, limits);
  if (engine !== undefined) verdict.stateHash = hex(engine.hash);
  return verdict;
}

/** Checks a snapshot's sums, and its state against an engine that has applied the same commands, where there is one. */
function checkSnapshot(verdict: Verdict, file: string, sequence: number, engine: Engine | undefined, limits: EngineLimits): void {
  let state: string;
  try {
    const parts = readSnapshot(file);
    if (engine === undefined) state = 'sums are right';
    else {
      const restored = new Engine(new LocalEvents(), limits);
      restoreImage(restored, parts);
      state = hex(restored.hash) === hex(engine.hash) ? 'equals the journal' : 'differs from the journal';
    }
  } catch (error) {
    state = (error as Error).message;
  }
  if (state !== 'sums are right' && state !== 'equals the journal') verdict.damage.push(`snapshot ${path.basename(file)}: ${state}`);
  verdict.snapshots.push({ file: path.basename(file), sequence, state });
}

function printVerdict(verdict: Verdict): void {
  const { segments, firstSequence, lastSequence, tornBytes, stateHash, snapshots, damage, running } = verdict;
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
  for (const line of damage) console.log(`damaged: ${line}`);
  if (damage.length === 0) console.log('Nothing is damaged.');
}

function hex([high, low]: readonly [number, number]): string {
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
