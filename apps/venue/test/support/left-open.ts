import { after } from 'node:test';

const open = new Set<() => unknown>();

// Of the whole file, not of one test: a venue or a client may serve several.
after(async () => {
  await Promise.all([...open].map((end) => end()));
});

/** Ends something when the tests of its file are over, failed or not: a socket or a process that a failed assertion left behind keeps the runner. */
export function endAfterTests(end: () => unknown): void {
  open.add(end);
}
