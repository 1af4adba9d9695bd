import type { Logger } from 'pino';
import type { Crew } from './crew.ts';

/** What an operator is to know of a start: how far it recovered, what it left out, and where its threads run. */
export function logStart(log: Logger, crew: Crew): void {
  const { sequence, snapshot, replayed, cut, warnings, milliseconds } = crew.recovery;
  for (const warning of warnings) log.warn(warning);
  log.info({ sequence, snapshot, replayed, milliseconds: Math.round(milliseconds) }, `recovered to command ${sequence}`);
  if (cut !== undefined) {
    const whose = crew.recovery.acceptedLoss ? 'that an operator gave up' : 'of a batch that was never acknowledged';
    log.warn(cut, `cut ${cut.bytes} bytes ${whose} off the end of the journal (${cut.why}); they are kept in ${cut.file}`);
  }
  for (const [thread, outcomes] of Object.entries(crew.placed)) {
    for (const { done, detail } of outcomes) log[done ? 'info' : 'warn']({ thread }, `${thread} thread: ${detail}`);
  }
}
