/** Ends what a test file left running. */
import { after } from 'node:test';

/** What a file's own clean-up has time for, which may look at a venue, before a venue that it left running is ended. */
const OWN_CLEAN_UP_MS = 30_000;

const left = new Set<() => unknown>();
const running = new Set<() => unknown>();

// Of the whole file, not of one test: a venue or a client may serve several. Nothing waits for the timer where nothing is left running.
after(() => {
  for (const end of left) void end();
  setTimeout(() => {
    for (const end of running) void end();
  }, OWN_CLEAN_UP_MS).unref();
});

/** Ends something when the tests of its file are over, failed or not: a socket that a failed assertion left behind keeps the runner. */
export function endAfterTests(end: () => unknown): void {
  left.add(end);
}

/** As {@link endAfterTests}, of a process that the file's own clean-up may still need: some time later. */
export function endLongAfterTests(end: () => unknown): void {
  running.add(end);
}
