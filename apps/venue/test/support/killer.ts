import fs from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded ahead of a venue (`--import`): ends its process by SIGKILL at the n-th call (OUTCRY_KILL_AT) that changes a small file of its data
 * directory (OUTCRY_KILL_IN), before the call takes effect, or in the middle of what it writes. A kill cannot tell what comes between those calls (fsync, close): what
 * was written stays. Segments, snapshots and the store are others' tests.
 */

const directory = process.env.OUTCRY_KILL_IN!;
const killAt = Number(process.env.OUTCRY_KILL_AT);
const names = new Map<number, string>();
let calls = 0;

function isSmall(file: string): boolean {
  const rest = path.relative(directory, path.resolve(file));
  return !rest.startsWith('..') && !rest.startsWith('journal') && !rest.startsWith('store.sqlite') && !rest.startsWith('config');
}

/** Counts a call. @param half what of it happens before the end */
function pass(what: string, file: string | undefined, half: () => void = () => undefined): void {
  if (file === undefined || !isSmall(file)) return;
  calls++;
  if (process.env.OUTCRY_KILL_LIST !== undefined) fs.writeSync(2, `small file ${calls}: ${what} ${path.relative(directory, file)}\n`);
  if (calls !== killAt) return;
  half();
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // until it is
}

type Call = (...args: any[]) => any;

function wrap(name: string, before: (...args: any[]) => void, after: (result: any, ...args: any[]) => void = () => undefined): void {
  const table = fs as unknown as Record<string, Call>;
  const original = table[name];
  table[name] = (...args: any[]) => {
    before(...args);
    const result = original(...args);
    after(result, ...args);
    return result;
  };
}

if (isMainThread) {
  const write = fs.writeSync;
  const halfOf = (data: string | Uint8Array) =>
    typeof data === 'string' ? data.slice(0, data.length / 2) : data.subarray(0, data.length / 2);
  wrap(
    'openSync',
    (file, flags) => {
      if (flags !== 'r') pass(`open ${flags}`, String(file));
    },
    (fd, file) => names.set(fd, String(file)),
  );
  wrap('closeSync', (fd) => names.delete(fd));
  wrap('writeFileSync', (file, data) => {
    const fd = typeof file === 'number' ? file : undefined;
    pass('write', fd === undefined ? String(file) : names.get(fd), () => {
      write(fd ?? fs.openSync(String(file), 'w'), halfOf(data) as string);
    });
  });
  wrap('writeSync', (fd, data) => {
    if (fd > 2) pass('write', names.get(fd), () => write(fd, halfOf(data) as string));
  });
  wrap('ftruncateSync', (fd) => pass('truncate', names.get(fd)));
  for (const name of ['renameSync', 'rmSync', 'unlinkSync', 'mkdirSync', 'chmodSync', 'linkSync'])
    wrap(name, (file) => pass(name, String(file)));
}
