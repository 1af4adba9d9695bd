import { createRequire } from 'node:module';

/**
 * The system calls that make memory and threads predictable, through koffi where it is installed and the system is Linux.
 * Each is optional: a call that cannot be made, or that the system refuses, says so in its result and changes nothing.
 */
export interface Outcome {
  /** Whether the request took effect. */
  readonly done: boolean;
  /** For people: what took effect, or why not. */
  readonly detail: string;
}

type Call = (...args: unknown[]) => number;

interface Libc {
  readonly madvise: Call;
  readonly mlock: Call;
  readonly schedSetaffinity: Call;
  readonly schedSetscheduler: Call;
  readonly gettid: Call;
  address(view: Uint8Array): number;
  errno(): number;
}

let loaded: Libc | string | undefined;

function load(): Libc | string {
  if (process.platform !== 'linux') return `not offered on ${process.platform}`;
  try {
    const koffi = createRequire(import.meta.url)('koffi');
    const libc = koffi.load('libc.so.6');
    return {
      madvise: libc.func('int madvise(uintptr_t address, size_t length, int advice)'),
      mlock: libc.func('int mlock(uintptr_t address, size_t length)'),
      schedSetaffinity: libc.func('int sched_setaffinity(int pid, size_t size, const uint8_t *mask)'),
      schedSetscheduler: libc.func('int sched_setscheduler(int pid, int policy, const int32_t *param)'),
      gettid: libc.func('int gettid()'),
      address: (view) => Number(koffi.address(view)),
      errno: () => koffi.errno(),
    };
  } catch (error) {
    return `koffi is not available (${(error as Error).message.split('\n')[0]})`;
  }
}

function attempt(call: (libc: Libc) => number, detail: string): Outcome {
  loaded ??= load();
  if (typeof loaded === 'string') return { done: false, detail: loaded };
  const result = call(loaded);
  return result === 0 ? { done: true, detail } : { done: false, detail: `refused by the system (errno ${loaded.errno()})` };
}

const HUGE_PAGE = 2 * 1024 * 1024;
const PAGE = 4096;
const MADV_HUGEPAGE = 14;
const SCHED_FIFO = 1;

function within(libc: Libc, buffer: SharedArrayBuffer, alignment: number): [start: number, length: number] {
  const address = libc.address(new Uint8Array(buffer));
  const start = Math.ceil(address / alignment) * alignment;
  const end = Math.floor((address + buffer.byteLength) / alignment) * alignment;
  return [start, Math.max(0, end - start)];
}

/** Asks for 2 MiB pages under a buffer (madvise(2), MADV_HUGEPAGE): fewer TLB misses on large pools. */
export function adviseHugePages(buffer: SharedArrayBuffer): Outcome {
  if (buffer.byteLength < 2 * HUGE_PAGE) return { done: false, detail: 'smaller than two huge pages' };
  return attempt((libc) => {
    const [start, length] = within(libc, buffer, HUGE_PAGE);
    return libc.madvise(start, length, MADV_HUGEPAGE);
  }, 'huge pages advised');
}

/** Keeps a buffer's pages in memory (mlock(2)). */
export function lockMemory(buffer: SharedArrayBuffer): Outcome {
  return attempt((libc) => {
    const [start, length] = within(libc, buffer, PAGE);
    return libc.mlock(start, length);
  }, `${buffer.byteLength} bytes locked`);
}

/** Binds the calling thread to one CPU (sched_setaffinity(2)). */
export function pinThread(cpu: number): Outcome {
  const mask = new Uint8Array(128);
  mask[cpu >> 3] |= 1 << (cpu & 7);
  return attempt((libc) => libc.schedSetaffinity(0, mask.length, mask), `pinned to CPU ${cpu}`);
}

/** Gives the calling thread a real-time priority, 1 to 99 (sched_setscheduler(2), SCHED_FIFO). */
export function setRealTime(priority: number): Outcome {
  return attempt((libc) => libc.schedSetscheduler(0, SCHED_FIFO, new Int32Array([priority])), `SCHED_FIFO ${priority}`);
}
