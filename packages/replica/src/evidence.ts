/** What says, beside the journal, how far the journal must reach. */
import path from 'node:path';
import type { Note } from '@outcry/journal/durable-note';
import { JournalMismatch } from '@outcry/journal/format';
import type { FoundSnapshot, Inspection } from './inspection.ts';

/** What a store says of itself, read before the venue is there: how far its rows go, and whose they are. */
export interface Stored {
  file: string;
  /** the number of the journal that its rows are of */
  journal: number;
  /** the last command whose rows are all there */
  sequence: number;
}

/** Something beside the journal that knows how far it went: nothing is noted there before it is durable. */
export interface Evidence {
  /** for people */
  readonly what: string;
  /** the last command that it knows */
  readonly sequence: number;
}

/**
 * The number of the journal that a directory is of, 0: nothing in it says. Without segments its note or its snapshots still know it: they
 * are what a journal that was lost left behind.
 */
export function journalNumberOf({ survey }: Inspection, note: Note | undefined, snapshots: readonly FoundSnapshot[]): number {
  return survey.journal || note?.journal || snapshots[0]?.head.journal || 0;
}

/**
 * What there is of a journal's. @param journal see {@link journalNumberOf}; where nothing says whose the journal was, a store tells that there was
 * one @param own the snapshots of it
 */
export function evidenceOf(journal: number, own: readonly FoundSnapshot[], note: Note | undefined, stored: Stored | undefined): Evidence[] {
  return [
    ...own.map(({ path: file, head }) => ({ what: path.basename(file), sequence: head.sequence })),
    ...(note === undefined ? [] : [{ what: 'durable.mark', sequence: note.sequence }]),
    ...(stored === undefined || (journal !== 0 && stored.journal !== journal)
      ? []
      : [{ what: path.basename(stored.file), sequence: stored.sequence }]),
  ];
}

const BEGIN_ANEW =
  "Restore the journal directory from a copy. If there is none, 'outcry serve --accept-journal-loss 0' begins anew: what is left of the " +
  "journal, the snapshots and the store are set aside. If the store is another venue's, give this venue its own storeFile";

/** Acknowledged commands are missing from the journal, or may be: a venue starts without them only when an operator says so. */
export class JournalLoss extends JournalMismatch {
  /** the last command that would be kept */
  readonly keeps: number;
  constructor(detail: string, keeps: number) {
    super(
      detail,
      keeps === 0
        ? BEGIN_ANEW
        : `Restore the journal directory from a copy that has them. If there is none, 'outcry serve --accept-journal-loss ${keeps}' starts once ` +
            `without what came after command ${keeps}: what is cut off the journal is kept beside it in a file, and snapshots and store that know more are set aside`,
    );
    this.keeps = keeps;
  }
}

/**
 * Decides whether a venue may go on from where its journal ends. Throws JournalLoss where something that may have been acknowledged is
 * missing, unless the operator has named the command up to which it is to be kept.
 * @returns whether the operator's word was needed
 */
export function judge(found: Inspection, evidence: readonly Evidence[], accepted: number | undefined): boolean {
  const loss = lossOf(found, evidence);
  if (loss === undefined) {
    if (accepted === undefined) return false;
    throw new JournalMismatch(
      `no acknowledged command is missing: the journal ends well at command ${found.sequence}`,
      'Start without --accept-journal-loss.',
    );
  }
  if (accepted === found.sequence) return true;
  throw new JournalLoss(accepted === undefined ? loss : `${loss} (--accept-journal-loss says ${accepted})`, found.sequence);
}

/** What is missing that may have been acknowledged, for people; undefined: nothing. */
export function lossOf({ sequence, end, survey }: Inspection, evidence: readonly Evidence[]): string | undefined {
  const most = evidence.reduce((a, b) => (b.sequence > a.sequence ? b : a), { what: '', sequence: 0 });
  const where = end.path === '' ? '' : `byte ${end.offset} of ${path.basename(end.path)}`;
  const spoiled = end.kind === 'clean' ? '' : `; the batch after it, at ${where}, is ${end.kind}: ${end.detail}`;
  if (most.sequence > sequence) {
    const ends = survey.segments.length === 0 ? 'the journal is missing' : `the journal ends at command ${sequence}`;
    return `${ends}, but ${most.what} knows command ${most.sequence}: commands that were acknowledged are missing${spoiled}`;
  }
  if (end.kind !== 'rotten') return undefined;
  return `the last batch, after command ${sequence}, at ${where}, is damaged in a way that no crash explains (${end.detail}): it may have been acknowledged`;
}
