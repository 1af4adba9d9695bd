// A process of its own that takes a share of a core and talks to nobody, until it is ended.
import { sleepThread } from '@outcry/memory/bell';
import { setNice } from '@outcry/memory/libc';

const SLICE_MS = 10;

const [share, nice] = process.argv.slice(2).map(Number);
setNice(nice);
for (;;) {
  const slice = performance.now() + SLICE_MS;
  const busyUntil = slice - SLICE_MS + SLICE_MS * share;
  while (performance.now() < busyUntil);
  const left = slice - performance.now();
  if (left > 0) sleepThread(left);
}
