/** Brings an engine to where the journal ends, at a start. */
import crypto from 'node:crypto';
import path from 'node:path';
import type { Engine } from '@outcry/engine/engine';
import { IMAGE_PARTS, restoreImage } from '@outcry/engine/image';
import { type EngineLimits, inUse, limitsFrom, widest } from '@outcry/engine/limits';
import { type JournalDisk, realDisk } from '@outcry/journal/disk';
import { JournalMismatch } from '@outcry/journal/format';
import { cutEnd } from '@outcry/journal/journal-end';
import { JournalReader, type Tail } from '@outcry/journal/journal-reader';
import { LEFTOVERS } from '@outcry/journal/segments';
import { readSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import { CHECKPOINT_EVERY, type StateHash } from './checkpoint.ts';
import type { Stored } from './evidence.ts';
import { evidenceOf, journalNumberOf, judge } from './evidence.ts';
import { type FoundSnapshot, findNote, findSnapshots, type Inspection, inspect, unfit } from './inspection.ts';

export interface RecoveryOptions {
  directory: string;
  /** what the configuration asks for */
  limits: EngineLimits;
  /** An empty engine with room for so much. */
  makeEngine(room: EngineLimits): Engine;
  stored?: Stored;
  /** the last command to keep, where an operator gives up what is missing after it */
  acceptLoss?: number;
  disk?: JournalDisk;
}

export interface Recovery {
  /** the number of the journal: all that is written beside it carries it */
  journal: number;
  /** the last command recovered */
  sequence: number;
  /** the snapshot started from, 0: none */
  snapshot: number;
  replayed: number;
  /** what was cut off the end, and the file that it is kept in */
  cut: { bytes: number; file: string; why: string } | undefined;
  /** whether an operator's word was needed: what knows later commands is to be set aside */
  acceptedLoss: boolean;
  /** files that could not be used, and why */
  warnings: string[];
  /** paths of snapshots that are not of this journal, or not of this life of it */
  unusable: string[];
  tail: Tail | undefined;
  milliseconds: number;
  /** the highest number that sessions gave an order, by the upper 32 of the client's 64 bits */
  numbers: ReadonlyMap<number, number>;
  /** what memory is reserved for: as the configuration asks, and as much as the journal ever allowed */
  room: EngineLimits;
  /** the limits that hold, undefined: the journal is empty */
  limits: EngineLimits | undefined;
  inUse: EngineLimits;
}

/**
 * Brings an engine to where the journal ends: the newest good snapshot, then the commands after it. The journal is read from
 * its beginning: the store is rebuilt from the part that a snapshot makes unnecessary, and damage to it is better found while there
 * is a copy to restore from.
 *
 * Nothing is changed before all is known: the end of the journal is compared with what snapshots, store and note say was acknowledged.
 * Throws JournalDamage, JournalMismatch or JournalLoss where the venue must not start, each with what to do.
 */
export function recover(options: RecoveryOptions): { engine: Engine; recovery: Recovery } {
  const started = performance.now();
  const { directory, disk = realDisk } = options;
  const warnings: string[] = [];
  const snapshots = findSnapshots(directory, warnings);
  const note = findNote(directory, warnings);
  const found = inspect(directory, new Set([...snapshots.map(({ head }) => head.sequence), note?.sequence ?? 0]));
  for (const name of found.survey.foreign) warnings.push(`${name} in ${directory} is not the journal's: it is not used; move it elsewhere`);
  const known = journalNumberOf(found, note, snapshots);
  const journal = known || crypto.randomInt(1, 2 ** 48 - 1);
  if (note !== undefined) compareNote(note, journal, found);
  const own = snapshots.filter(({ head }) => head.journal === journal);
  const acceptedLoss = judge(found, evidenceOf(known, own, note, options.stored), options.acceptLoss);
  const usable: FoundSnapshot[] = [];
  for (const snapshot of snapshots) {
    const why = unfit(snapshot, journal) ?? strayed(snapshot, found);
    if (why === undefined) usable.push(snapshot);
    else warnings.push(why);
  }
  const room = own.reduce((most, { head }) => widest(most, limitsFrom(head.room)), widest(options.limits, found.limits));
  const { engine, snapshot } = load(options, room, usable, warnings);
  replay(engine, directory, found.sequence);
  const cut = found.end.bytes === 0 ? undefined : cutEndOf(found, disk);
  tidy(directory, found, acceptedLoss ? own : [], disk);
  const recovery: Recovery = {
    journal,
    sequence: engine.sequence,
    snapshot,
    replayed: engine.sequence - snapshot,
    cut,
    acceptedLoss,
    warnings,
    unusable: snapshots.filter((each) => !usable.includes(each)).map((each) => each.path),
    tail: found.tail,
    milliseconds: performance.now() - started,
    numbers: found.numbers,
    room,
    limits: engine.sequence === 0 ? undefined : limitsFrom(engine.limits.i32),
    inUse: inUse(engine),
  };
  return { engine, recovery };
}

function compareNote(note: NonNullable<ReturnType<typeof findNote>>, journal: number, found: Inspection): void {
  const remedy =
    'Put the segments and the note of one journal there; where the segments are the right ones, remove the note, durable.mark.';
  if (note.journal !== journal)
    throw new JournalMismatch(`durable.mark is of journal ${note.journal}, the segments of journal ${journal}`, remedy);
  if (note.sequence === 0 || note.sequence > found.sequence || found.places.get(note.sequence) === note.batch) return;
  throw new JournalMismatch(
    `the journal is of another life of this venue than durable.mark, which knows another command ${note.sequence}`,
    remedy,
  );
}

/** Why a snapshot of this journal is not of this life of it; undefined: it is. One that is beyond the end is of none. */
export function strayed({ path: file, head }: FoundSnapshot, found: Inspection): string | undefined {
  if (found.places.get(head.sequence) === head.batch) return undefined;
  return `${path.basename(file)} is of another life of this journal: its state does not match the journal up to command ${head.sequence}; it is not used`;
}

/** An engine in the state of the newest snapshot that is good. */
function load(
  options: RecoveryOptions,
  room: EngineLimits,
  usable: readonly FoundSnapshot[],
  warnings: string[],
): { engine: Engine; snapshot: number } {
  let engine = options.makeEngine(room);
  for (const snapshot of usable) {
    const why = restore(engine, snapshot);
    if (why === undefined) return { engine, snapshot: snapshot.sequence };
    warnings.push(why);
    if (engine.sequence !== 0) engine = options.makeEngine(room);
  }
  return { engine, snapshot: 0 };
}

/** Brings an empty engine to a snapshot's state. Returns why not, undefined: it is done. */
export function restore(engine: Engine, snapshot: FoundSnapshot): string | undefined {
  let parts: Uint8Array[];
  try {
    parts = readSnapshot(snapshot.path).parts;
  } catch (error) {
    return (error as Error).message;
  }
  if (parts.length !== IMAGE_PARTS) return `${snapshot.path} is of another version: it is not used`;
  restoreImage(engine, parts);
  if (engine.sequence === snapshot.sequence) return undefined;
  return `${snapshot.path} holds the state after command ${engine.sequence}, and not what its head says: it is not used`;
}

/** Applies the commands after the engine's, up to a number. */
function replay(engine: Engine, directory: string, upTo: number): void {
  const hashes = new Map<number, StateHash>();
  const reader = new JournalReader(directory, engine.sequence + 1);
  try {
    for (let batch = reader.read(upTo); batch !== undefined; batch = reader.read(upTo)) {
      for (let i = 0; i < batch.count; i++) {
        const at = batch.at + i * command.WORDS;
        engine.apply(batch.i32, batch.f64, at);
        if (engine.sequence % CHECKPOINT_EVERY === 0) hashes.set(engine.sequence, engine.hash);
        if (kindOf(batch.i32[at + command.HEAD]) === COMMAND.CHECK) compare(batch.i32, batch.f64, at, hashes, engine.sequence);
      }
    }
  } finally {
    reader.close();
  }
  if (engine.sequence !== upTo) throw new Error(`the journal held command ${upTo} a moment ago, and ends at ${engine.sequence} now`);
}

/**
 * Compares what the venue journaled of its state with what the commands give now. Throws where they differ: the journal is whole, but
 * not what this engine made of it (a fault of the machine, or of the engine).
 */
function compare(i32: Int32Array, f64: Float64Array, at: number, hashes: Map<number, StateHash>, sequence: number): void {
  const checked = f64[(at >> 1) + command.F64_CHECKED];
  const hash = hashes.get(checked);
  for (const older of hashes.keys()) if (older <= checked) hashes.delete(older);
  if (hash === undefined) return; // before the snapshot
  if (hash[0] === i32[at + command.HASH_LOW] && hash[1] === i32[at + command.HASH_HIGH]) return;
  throw new Error(
    `command ${sequence} of the journal says that the state after command ${checked} was another one than it is now: do not go on from it`,
  );
}

// ── What a start changes, once all is known ──────────────────────────────────────────────────────────────────────────────

function cutEndOf({ end, sequence }: Inspection, disk: JournalDisk): Recovery['cut'] {
  return { bytes: end.bytes, file: cutEnd(end, sequence + 1, disk), why: `${end.kind}: ${end.detail}` };
}

/** Removes what a crash left half made; sets aside the snapshots of commands that an operator gave up. */
function tidy(directory: string, found: Inspection, own: readonly FoundSnapshot[], disk: JournalDisk): void {
  for (const name of found.survey.names) if (LEFTOVERS.test(name)) disk.remove(path.join(directory, name));
  if (found.survey.unbegun !== undefined) disk.remove(found.survey.unbegun.path);
  for (const { path: file, head } of own) {
    if (head.sequence > found.sequence) disk.rename(file, path.join(directory, `cut-${path.basename(file)}`));
  }
  if (found.survey.names.length > 0) disk.syncDirectory(directory);
}
