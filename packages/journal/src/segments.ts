import fs from 'node:fs';
import path from 'node:path';
import { firstSequenceOf, Head, isZero, JournalDamage, JournalMismatch, segmentHead, segmentName } from './format.ts';

/** The files of a journal's directory: which segments there are, what their heads say, and what does not belong there. */

export interface SegmentFile {
  readonly path: string;
  readonly firstSequence: number;
}

/** A segment by its head. */
export interface Segment extends SegmentFile {
  /** the number of the journal that it is of */
  readonly journal: number;
  /** the journal mark of the batch before its first */
  readonly previous: number;
  readonly size: number;
}

export interface Survey {
  readonly segments: readonly Segment[];
  /** of all of them; 0: there is none */
  readonly journal: number;
  /** the last one, where a crash came before its first batch: nothing was written to it */
  readonly unbegun: SegmentFile | undefined;
  /** of all files in the directory */
  readonly names: readonly string[];
  /** of those that are not the journal's */
  readonly foreign: readonly string[];
}

/** A journal directory's segments, oldest first. */
export function listSegments(directory: string): SegmentFile[] {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory)
    .map((name) => ({ path: path.join(directory, name), firstSequence: firstSequenceOf(name) }))
    .filter((segment) => segment.firstSequence > 0)
    .sort((a, b) => a.firstSequence - b.firstSequence);
}

/** Whatever the journal, its keepers and their crashes leave in the directory. */
const OWN = /^(journal-\d{16}\.log|segment\.tmp|spare\.tmp(\.preparing)?|snapshot-\d{16}\.img(\.tmp)?|durable\.mark(\.tmp)?|cut-.+)$/;

/** What a crash leaves half made of these. */
export const LEFTOVERS = /^(segment\.tmp|spare\.tmp\.preparing|snapshot-\d{16}\.img\.tmp|durable\.mark\.tmp|cut-.+\.tmp)$/;

/** Reads the heads of all segments, and compares them. Throws JournalDamage or JournalMismatch where they are not one journal's. */
export function surveyJournal(directory: string): Survey {
  const files = listSegments(directory);
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  const foreign = names.filter((name) => !OWN.test(name)).sort();
  const segments: Segment[] = [];
  let unbegun: SegmentFile | undefined;
  for (const file of files) {
    const segment = readSegmentHead(file.path);
    if (segment === undefined && file === files.at(-1)) unbegun = file;
    else if (segment === undefined) throw new JournalDamage(file.path, 0, 'it is empty, yet other segments follow');
    else segments.push(segment);
  }
  const [first] = segments;
  for (const segment of segments) {
    if (segment.journal === first.journal) continue;
    throw new JournalMismatch(
      `${path.basename(segment.path)} is of journal ${segment.journal}, ${path.basename(first.path)} of journal ${first.journal}: they are two venues'`,
      'Move the one that does not belong here elsewhere, and restore the one that it replaced from a copy.',
    );
  }
  const begin = first ?? unbegun;
  // One that names no batch before it is the first of a journal, which may begin where a snapshot ends.
  if (begin !== undefined && begin.firstSequence !== 1 && first?.previous !== 0) {
    throw new JournalMismatch(
      `the journal's first segment, ${segmentName(1)}, is missing: what there is begins at command ${begin.firstSequence}`,
    );
  }
  return { segments, journal: first?.journal ?? 0, unbegun, names, foreign };
}

/** A segment by its head, undefined when nothing was written to it. Throws JournalDamage. */
export function readSegmentHead(file: string): Segment | undefined {
  const firstSequence = firstSequenceOf(path.basename(file));
  const fd = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    const head = new Head();
    const read = fs.readSync(fd, head.bytes, 0, 64, 0);
    if (read === 64 && head.isSegment()) {
      const stated = head.f64[segmentHead.F64_FIRST];
      if (stated !== firstSequence) throw new JournalDamage(file, 0, `the head says command ${stated}, the name ${firstSequence}`);
      return {
        path: file,
        firstSequence,
        journal: head.f64[segmentHead.F64_JOURNAL],
        previous: head.i32[segmentHead.PREVIOUS],
        size,
      };
    }
    if (isZeroFrom(fd, segmentHead.BYTES)) return undefined;
    const isOurs = head.i32[0] === segmentHead.MAGIC_A;
    throw new JournalDamage(
      file,
      0,
      isOurs ? "the segment's head is broken" : 'it has no head of a segment: it is damaged, or another file',
    );
  } finally {
    fs.closeSync(fd);
  }
}

const PIECE = 1024 * 1024;

function isZeroFrom(fd: number, position: number): boolean {
  const piece = Buffer.alloc(PIECE);
  for (let at = position; ; ) {
    const read = fs.readSync(fd, piece, 0, PIECE, at);
    if (read === 0) return true;
    if (!isZero(piece, 0, read)) return false;
    at += read;
  }
}
