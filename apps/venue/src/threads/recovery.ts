import type { Engine } from '@outcry/engine/engine';
import { IMAGE_PARTS, restoreImage } from '@outcry/engine/image';
import { JournalDamage } from '@outcry/journal/format';
import { type Batch, JournalReader, listSegments } from '@outcry/journal/journal-reader';
import { listSnapshots, readSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command } from '@outcry/market/command';
import { STORY_VERSION } from '@outcry/market/event';
import { CHECKPOINT_EVERY } from './shared.ts';

export interface Recovery {
  /** the last command recovered */
  sequence: number;
  /** the snapshot started from, 0: none */
  snapshot: number;
  replayed: number;
  /** bytes of a torn batch that were cut off the end */
  tornBytes: number;
  /** snapshots that could not be used, and why */
  warnings: string[];
  tail: { path: string; offset: number } | undefined;
  milliseconds: number;
  /** the highest number that sessions gave an order, by the upper 32 of the client's 64 bits */
  numbers: ReadonlyMap<number, number>;
}

/**
 * Brings a fresh engine to where the journal ends: the newest good snapshot, then the commands after it. The journal is read from
 * its beginning: the store is rebuilt from the part that a snapshot makes unnecessary, and damage to it is better found while there
 * is a copy to restore from.
 * Throws JournalDamage where the journal, any part of it, is broken in a way that no crash explains.
 */
export function recover(engine: Engine, directory: string): Recovery {
  const started = performance.now();
  const warnings: string[] = [];
  const snapshot = loadSnapshot(engine, directory, Number.MAX_SAFE_INTEGER, warnings);
  const oldest = listSegments(directory)[0]?.firstSequence ?? snapshot + 1;
  const hashes = new Map<number, readonly [number, number]>();
  const numbers = new Map<number, number>();
  const reader = new JournalReader(directory, Math.min(oldest, snapshot + 1));
  try {
    for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
      noteNumbers(numbers, batch);
      for (let i = Math.max(0, snapshot + 1 - batch.firstSequence); i < batch.count; i++) {
        const at = batch.at + i * command.WORDS;
        engine.apply(batch.i32, batch.f64, at);
        if (engine.sequence % CHECKPOINT_EVERY === 0) hashes.set(engine.sequence, engine.hash);
        if ((batch.i32[at + command.HEAD] & 0xff) === COMMAND.CHECK) compare(batch.i32, batch.f64, at, hashes, engine.sequence);
      }
    }
    const tornBytes = reader.examineEnd();
    if (reader.nextSequence <= snapshot) {
      const { path, offset } = reader.tail!;
      throw new JournalDamage(path, offset, `it ends at command ${reader.nextSequence - 1}, but a snapshot holds command ${snapshot}`);
    }
    if (tornBytes > 0) reader.cutTail(tornBytes);
    const milliseconds = performance.now() - started;
    return {
      sequence: engine.sequence,
      snapshot,
      replayed: engine.sequence - snapshot,
      tornBytes,
      warnings,
      tail: reader.tail,
      milliseconds,
      numbers,
    };
  } finally {
    reader.close();
  }
}

function noteNumbers(numbers: Map<number, number>, { i32, at, count }: Batch): void {
  for (let record = at; record < at + count * command.WORDS; record += command.WORDS) {
    const high = i32[record + command.CLIENT_HIGH];
    const kind = i32[record + command.HEAD] & 0xff;
    if (high >= 0 || (kind !== COMMAND.NEW_ORDER && kind !== COMMAND.CANCEL_REPLACE)) continue;
    numbers.set(high, Math.max(numbers.get(high) ?? 0, i32[record + command.CLIENT_LOW] >>> 0));
  }
}

/**
 * Compares what the venue journaled of its state with what the commands give now. Throws where they differ: the journal is whole, but
 * not what this engine made of it (another version, a fault of the machine).
 */
function compare(i32: Int32Array, f64: Float64Array, at: number, hashes: Map<number, readonly [number, number]>, sequence: number): void {
  const checked = f64[(at >> 1) + command.F64_AMOUNT];
  const hash = hashes.get(checked);
  for (const older of hashes.keys()) if (older <= checked) hashes.delete(older);
  // Before the snapshot, or told by a version that tells other events.
  if (hash === undefined || i32[at + command.ASSET] !== STORY_VERSION) return;
  if (hash[0] === i32[at + command.CLIENT_LOW] && hash[1] === i32[at + command.CLIENT_HIGH]) return;
  throw new Error(
    `command ${sequence} of the journal says that the state after command ${checked} was another one than it is now: do not go on from it`,
  );
}

/** Loads the newest snapshot that is good and not too new. Returns its sequence number, 0 when there is none. */
export function loadSnapshot(engine: Engine, directory: string, notAfter: number, warnings: string[]): number {
  for (const snapshot of listSnapshots(directory)) {
    if (snapshot.sequence > notAfter) continue;
    let parts: Uint8Array[];
    try {
      parts = readSnapshot(snapshot.path);
    } catch (error) {
      warnings.push((error as Error).message);
      continue;
    }
    if (parts.length !== IMAGE_PARTS) {
      warnings.push(`${snapshot.path} is of another version: it is not used`);
      continue;
    }
    restoreImage(engine, parts);
    return snapshot.sequence;
  }
  return 0;
}
