/** The market that a data directory holds, read from its journal without a venue. */
import fs from 'node:fs';
import { Registry as Records } from '@outcry/engine/registry';
import { RECORD_BYTES } from '@outcry/journal/format';
import { JournalReader } from '@outcry/journal/journal-reader';
import { COMMAND, command } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import type { VenueConfig } from '../domain/config.ts';
import { Registry } from './accounts/registry.ts';
import { compareMarket } from './definitions.ts';

const { HEAD, NAME_BYTES, VALUE_BYTES } = command;
const RECORD_WORDS = RECORD_BYTES / 4;

/**
 * Compares a configuration with what a journal holds, as a start does; a venue may run on it. Returns whether there is a market to
 * compare with. Throws ConfigError where they differ, JournalDamage where the journal cannot be read.
 * @param journal the journal's directory, which may be missing
 */
export function compareWithJournal(config: VenueConfig, journal: string): boolean {
  if (!fs.existsSync(journal)) return false;
  const records = recordsOf(journal);
  const registry = new Registry(records.entries(), () => Promise.reject(new Error('nothing is changed here')));
  compareMarket(registry, config);
  return !registry.under('instrument/').next().done;
}

function recordsOf(journal: string): Records {
  const records = new Records();
  const reader = new JournalReader(journal, 1);
  try {
    for (let batch = reader.read(); batch !== undefined; batch = reader.read()) {
      const { i32, at: first, count } = batch;
      for (let at = first; at < first + count * RECORD_WORDS; at += RECORD_WORDS) {
        const kind = kindOf(i32[at + HEAD]);
        if (kind === COMMAND.PIECE) records.stage(i32, at);
        else if (kind === COMMAND.PUT_RECORD) {
          records.put(i32[at + NAME_BYTES], i32[at + VALUE_BYTES]);
          records.forgetStaged();
        }
      }
    }
  } finally {
    reader.close();
  }
  return records;
}
