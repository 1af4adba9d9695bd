import { after } from 'node:test';

/** What the file's own clean-up has time for, before what it left open is ended. */
const OWN_CLEAN_UP_MS = 30_000;

const open = new Set<() => unknown>();

// Of the whole file, not of one test: a venue or a client may serve several. Nothing waits for the timer where nothing is left open.
after(() => {
  setTimeout(() => {
    for (const end of open) void end();
  }, OWN_CLEAN_UP_MS).unref();
});

/** Ends something some time after the tests of its file, failed or not: a socket or a process that a failed assertion left behind keeps the runner. */
export function endAfterTests(end: () => unknown): void {
  open.add(end);
}
