import type { Engine } from '@outcry/engine/engine';
import { restoreImage } from '@outcry/engine/image';
import { JournalDamage } from '@outcry/journal/format';
import { JournalReader, listSegments } from '@outcry/journal/journal-reader';
import { listSnapshots, readSnapshot } from '@outcry/journal/snapshot';
import { command } from '@outcry/market/command';

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
}

/**
 * Brings a fresh engine to where the journal ends: newest good snapshot not beyond `notAfter`, then the commands after it. Events
 * are written to the engine's output as they come, `afterEach` may take them.
 * Throws JournalDamage where the journal, any part of it, is broken in a way that no crash explains.
 */
export function recover(engine: Engine, directory: string, afterEach: () => void = () => {}, notAfter = Number.MAX_SAFE_INTEGER): Recovery {
  const started = performance.now();
  const warnings: string[] = [];
  const snapshot = loadSnapshot(engine, directory, notAfter, warnings);
  if (snapshot > 0) verifyBefore(directory, snapshot);
  const reader = new JournalReader(directory, snapshot + 1);
  try {
    for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
      for (let i = 0; i < batch.count; i++) {
        engine.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
        afterEach();
      }
    }
    const tornBytes = reader.examineEnd();
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
    };
  } finally {
    reader.close();
  }
}

/**
 * Reads the part of the journal that a snapshot makes unnecessary, and throws JournalDamage where it is broken: the store is
 * rebuilt from it, and damage is better found while there is a copy to restore from.
 */
function verifyBefore(directory: string, snapshot: number): void {
  const [oldest] = listSegments(directory);
  if (oldest === undefined) return;
  const reader = new JournalReader(directory, oldest.firstSequence);
  try {
    while (reader.nextSequence <= snapshot) {
      if (reader.read(snapshot) !== undefined) continue;
      reader.examineEnd();
      const { path, offset } = reader.tail!;
      throw new JournalDamage(path, offset, `it ends at command ${reader.nextSequence - 1}, but a snapshot holds command ${snapshot}`);
    }
  } finally {
    reader.close();
  }
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
    restoreImage(engine, parts);
    return snapshot.sequence;
  }
  return 0;
}
