/** Replays a file of commands: a task for the scheduler. */
import { type ReplayResult, replayFile } from './replay-file.ts';

/** What the scheduler runs for each of several files: see runParallel in @outcry/memory. */
export interface ReplayJob {
  readonly files: readonly string[];
  readonly runs: number;
  readonly latency: boolean;
}

export function run(task: number, { files, runs, latency }: ReplayJob): ReplayResult {
  return replayFile(files[task], runs, latency);
}
