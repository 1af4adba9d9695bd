import path from 'node:path';
import { type EngineLimits, widest } from '@outcry/engine/limits';
import { readNote } from '@outcry/journal/durable-note';
import { JournalMismatch } from '@outcry/journal/format';
import { type JournalEnd, NO_END } from '@outcry/journal/journal-end';
import { type Batch, JournalReader, type Tail } from '@outcry/journal/journal-reader';
import { type Survey, surveyJournal } from '@outcry/journal/segments';
import { listSnapshots, readSnapshotHead, type SnapshotFile, type SnapshotHead } from '@outcry/journal/snapshot';
import { COMMAND, command } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import { REPLAY_VERSION } from '@outcry/market/event';

/** What a journal is found to be, before anything is done with it: nothing here changes a file. */
export interface Inspection {
  readonly survey: Survey;
  /** the last command that is whole */
  readonly sequence: number;
  readonly end: JournalEnd;
  readonly tail: Tail | undefined;
  /** the widest limits that it ever set */
  readonly limits: EngineLimits;
  /** journal marks of batches, by the last command of each, where that was asked for */
  readonly places: ReadonlyMap<number, number>;
  /** the highest number that sessions gave an order, by the upper 32 of the client's 64 bits */
  readonly numbers: ReadonlyMap<number, number>;
}

export interface FoundSnapshot extends SnapshotFile {
  readonly head: SnapshotHead;
}

/** No limits yet. */
const NO_LIMITS: EngineLimits = { orders: 0, accounts: 0, assets: 0, instruments: 0 };

/**
 * Reads all of a journal, every checksum and every link. @param isRunning a venue may be in the middle of a write: its end is not judged
 * Throws JournalDamage or JournalMismatch where no crash explains what it finds.
 */
export function inspect(directory: string, wanted: ReadonlySet<number>, isRunning = false): Inspection {
  const survey = surveyJournal(directory);
  const places = new Map<number, number>();
  const numbers = new Map<number, number>();
  let limits = NO_LIMITS;
  const begin = survey.segments[0] ?? { firstSequence: 1, previous: 0 };
  places.set(begin.firstSequence - 1, begin.previous);
  const reader = new JournalReader(directory, begin.firstSequence);
  try {
    for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
      checkVersion(batch);
      limits = note(batch, numbers, limits);
      const last = batch.firstSequence + batch.count - 1;
      if (wanted.has(last)) places.set(last, reader.journalMark);
    }
    return {
      survey,
      sequence: reader.nextSequence - 1,
      end: isRunning ? NO_END : reader.examineEnd(),
      tail: reader.tail,
      limits,
      places,
      numbers,
    };
  } finally {
    reader.close();
  }
}

/** Throws where commands were meant for an engine that makes something else of them. */
export function checkVersion(batch: Batch): void {
  if (batch.version !== REPLAY_VERSION) {
    throw new JournalMismatch(
      `command ${batch.firstSequence} of the journal was written for version ${batch.version} of the engine, and this is version ${REPLAY_VERSION}, which makes something else of it`,
      'Start the release of Outcry that wrote it; a journal cannot be taken over by another version.',
    );
  }
  const { i32, at } = batch;
  if (batch.firstSequence === 1 && kindOf(i32[at + command.HEAD]) !== COMMAND.SET_LIMITS) {
    throw new JournalMismatch("the journal does not begin with the venue's limits: no venue of this version wrote it");
  }
}

/** Takes in what has to be known before commands can be applied. */
function note({ i32, at, count }: Batch, numbers: Map<number, number>, limits: EngineLimits): EngineLimits {
  let most = limits;
  for (let record = at; record < at + count * command.WORDS; record += command.WORDS) {
    const kind = kindOf(i32[record + command.HEAD]);
    if (kind === COMMAND.SET_LIMITS) most = widest(most, limitsOf(i32, record));
    const high = i32[record + command.CLIENT_HIGH];
    if (high >= 0 || (kind !== COMMAND.NEW_ORDER && kind !== COMMAND.CANCEL_REPLACE)) continue;
    numbers.set(high, Math.max(numbers.get(high) ?? 0, i32[record + command.CLIENT_LOW] >>> 0));
  }
  return most;
}

function limitsOf(i32: Int32Array, at: number): EngineLimits {
  return {
    orders: i32[at + command.MOST_ORDERS],
    accounts: i32[at + command.MOST_ACCOUNTS],
    assets: i32[at + command.MOST_ASSETS],
    instruments: i32[at + command.MOST_INSTRUMENTS],
  };
}

/** The snapshots that say what they are of, newest first. Others are named in `warnings`. */
export function findSnapshots(directory: string, warnings: string[]): FoundSnapshot[] {
  const found: FoundSnapshot[] = [];
  for (const file of listSnapshots(directory)) {
    try {
      found.push({ ...file, head: readSnapshotHead(file.path) });
    } catch (error) {
      warnings.push((error as Error).message);
    }
  }
  return found;
}

/** Why a snapshot is not one of this journal, for this engine; undefined: it is. */
export function unfit({ path: file, sequence, head }: FoundSnapshot, journal: number): string | undefined {
  const name = path.basename(file);
  if (head.journal !== journal) return `${name} is of another journal (${head.journal}, not ${journal}): it is not used; move it away`;
  if (head.sequence !== sequence) return `${name} is of command ${head.sequence}, as its head says, and not of its name's: it is not used`;
  if (head.version !== REPLAY_VERSION) return `${name} is of version ${head.version} of the engine: it is not used`;
  return undefined;
}

/** What was noted as durable, undefined where nothing can be read: that is no reason not to start. */
export function findNote(directory: string, warnings: string[]): ReturnType<typeof readNote> {
  try {
    return readNote(directory);
  } catch (error) {
    warnings.push((error as Error).message);
    return undefined;
  }
}
