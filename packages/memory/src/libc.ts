/** System calls for memory and threads, where they can be made. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { Span } from './piece.ts';

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
  readonly getcpu: Call;
  readonly schedYield: Call;
  readonly setpriority: Call;
  readonly dup: Call;
  readonly flock: Call;
  readonly setsockopt: Call;
  readonly mbind: Call;
  readonly nodeOf: Call;
  readonly mmap: Call;
  readonly munmap: Call;
  address(value: unknown): number;
  view(address: unknown, bytes: number): ArrayBuffer;
  errno(): number;
  errorName(errno: number): string;
}

export const PAGE = 4096;
export const HUGE_PAGE = 2 * 1024 * 1024;
const MADV_DONTNEED = 4;
const MADV_REMOVE = 9;
const MADV_HUGEPAGE = 14;
const MADV_POPULATE_WRITE = 23;
const CAP_SYS_NICE = 1n << 23n;
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_IDLE = 5;
const PRIO_PROCESS = 0;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const LOCK_EX = 2;
const LOCK_NB = 4;
const MPOL_F_NODE_ADDR = 3;
const MPOL_MF_MOVE = 2;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/** Numbers of system calls that the C library has no function for. */
const NUMBERS: Record<string, { mbind: number; getMempolicy: number } | undefined> = {
  x64: { mbind: 237, getMempolicy: 239 },
  arm64: { mbind: 235, getMempolicy: 236 },
};

let loaded: Libc | string | undefined;

function load(): Libc | string {
  if (process.platform !== 'linux') return `not offered on ${process.platform}`;
  const numbers = NUMBERS[process.arch];
  if (numbers === undefined) return `not offered on ${process.arch}`;
  try {
    const koffi = createRequire(import.meta.url)('koffi');
    const libc = koffi.load('libc.so.6');
    const mbind = libc.func('syscall', 'long', ['long', 'uintptr_t', 'size_t', 'int', 'const uint64_t *', 'size_t', 'uint']);
    const getMempolicy = libc.func('syscall', 'long', ['long', '_Out_ int *', 'uintptr_t', 'size_t', 'uintptr_t', 'size_t']);
    return {
      madvise: libc.func('int madvise(uintptr_t address, size_t length, int advice)'),
      mlock: libc.func('int mlock(uintptr_t address, size_t length)'),
      schedSetaffinity: libc.func('int sched_setaffinity(int pid, size_t size, const uint8_t *mask)'),
      schedSetscheduler: libc.func('int sched_setscheduler(int pid, int policy, const int32_t *param)'),
      gettid: libc.func('int gettid()'),
      getcpu: libc.func('int sched_getcpu()'),
      schedYield: libc.func('int sched_yield()'),
      setpriority: libc.func('int setpriority(int which, unsigned int who, int nice)'),
      dup: libc.func('int dup(int fd)'),
      flock: libc.func('int flock(int fd, int operation)'),
      setsockopt: libc.func('int setsockopt(int fd, int level, int name, const int32_t *value, uint32_t length)'),
      mbind: (...args) => mbind(numbers.mbind, ...args),
      nodeOf: (address) => {
        const node: number[] = [-1];
        return getMempolicy(numbers.getMempolicy, node, 0, 0, address, MPOL_F_NODE_ADDR) === 0 ? node[0] : -1;
      },
      mmap: libc.func('void *mmap(uintptr_t address, size_t length, int prot, int flags, int fd, int64_t offset)'),
      munmap: libc.func('int munmap(void *address, size_t length)'),
      address: (value) => Number(koffi.address(value)),
      view: koffi.view,
      errno: () => koffi.errno(),
      errorName: (errno) => Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`,
    };
  } catch (error) {
    return `koffi is not available (${(error as Error).message.split('\n')[0]})`;
  }
}

function attempt(call: (libc: Libc) => number, detail: string): Outcome {
  loaded ??= load();
  if (typeof loaded === 'string') return { done: false, detail: loaded };
  const result = call(loaded);
  return result === 0 ? { done: true, detail } : { done: false, detail: `refused by the system (${loaded.errorName(loaded.errno())})` };
}

/** Address range of the whole pages (of a size) that lie within a span. */
function pagesOf(libc: Libc, { buffer, byteOffset, byteLength }: Span, size: number): [start: number, length: number] {
  const address = libc.address(new Uint8Array(buffer)) + byteOffset;
  const start = Math.ceil(address / size) * size;
  return [start, Math.max(0, Math.floor((address + byteLength) / size) * size - start)];
}

/** Whether system calls can be made at all; if not, why. */
export function systemCalls(): Outcome {
  loaded ??= load();
  return typeof loaded === 'string' ? { done: false, detail: loaded } : { done: true, detail: 'system calls through koffi' };
}

/** Where a buffer begins, where that can be known. */
export function addressOf(buffer: SharedArrayBuffer | ArrayBuffer): number | undefined {
  loaded ??= load();
  return typeof loaded === 'string' || buffer.byteLength === 0 ? undefined : loaded.address(new Uint8Array(buffer));
}

/** Asks for 2 MiB pages under a span (madvise(2), MADV_HUGEPAGE): fewer TLB misses on large pools. */
export function adviseHugePages(span: Span): Outcome {
  if (span.byteLength < HUGE_PAGE) return { done: false, detail: 'smaller than a huge page' };
  return attempt((libc) => libc.madvise(...pagesOf(libc, span, HUGE_PAGE), MADV_HUGEPAGE), 'huge pages advised');
}

/** Keeps a span's pages in memory (mlock(2)). */
export function lockMemory(span: Span): Outcome {
  return attempt((libc) => libc.mlock(...pagesOf(libc, span, PAGE)), `${span.byteLength} bytes locked`);
}

/**
 * Has the system back a span's pages now, not at first use (madvise(2), MADV_POPULATE_WRITE). Where the call does not exist, reads
 * and writes a byte of every page back: call it before other threads use the span.
 */
export function prefault(span: Span): Outcome {
  const outcome = attempt((libc) => libc.madvise(...pagesOf(libc, span, PAGE), MADV_POPULATE_WRITE), `${span.byteLength} bytes in memory`);
  if (outcome.done) return outcome;
  const bytes = new Uint8Array(span.buffer, span.byteOffset, span.byteLength);
  for (let at = 0; at < bytes.length; at += PAGE) Atomics.or(bytes, at, 0);
  return { done: true, detail: `${span.byteLength} bytes touched (${outcome.detail})` };
}

/** Gives a span's whole pages back to the system; they read as zeros afterwards. Nobody may use them meanwhile. */
export function releasePages(span: Span, isFile: boolean): Outcome {
  const advice = isFile ? MADV_REMOVE : MADV_DONTNEED;
  return attempt((libc) => {
    const [start, length] = pagesOf(libc, span, PAGE);
    return length === 0 ? 0 : libc.madvise(start, length, advice);
  }, `${span.byteLength} bytes given back`);
}

/** Memory policies of mbind(2). */
export const MEMORY_POLICY = { preferred: 1, bind: 2, interleave: 3 } as const;

/** Places a span's whole pages on NUMA nodes, those in memory already included (mbind(2), MPOL_MF_MOVE). */
export function bindMemory(span: Span, policy: keyof typeof MEMORY_POLICY, nodes: readonly number[]): Outcome {
  const mask = new BigUint64Array(16);
  for (const node of nodes) mask[node >> 6] |= 1n << BigInt(node & 63);
  return attempt(
    (libc) => libc.mbind(...pagesOf(libc, span, PAGE), MEMORY_POLICY[policy], mask, mask.length * 64 + 1, MPOL_MF_MOVE),
    `${policy} on node ${nodes.join(', ')}`,
  );
}

/** The NUMA node on which a span's first whole page lies (get_mempolicy(2)), -1 when that cannot be known. The page is touched. */
export function nodeOfMemory(span: Span): number {
  loaded ??= load();
  if (typeof loaded === 'string') return -1;
  const [start, length] = pagesOf(loaded, span, PAGE);
  if (length === 0) return -1;
  Atomics.or(new Uint8Array(span.buffer), start - loaded.address(new Uint8Array(span.buffer)), 0);
  return loaded.nodeOf(start);
}

/** Binds the calling thread to CPUs (sched_setaffinity(2)). */
export function pinThread(...cpus: number[]): Outcome {
  const mask = new Uint8Array(128);
  for (const cpu of cpus) mask[cpu >> 3] |= 1 << (cpu & 7);
  return attempt((libc) => libc.schedSetaffinity(0, mask.length, mask), `pinned to CPU ${cpus.join(', ')}`);
}

/** Gives the calling thread a real-time priority, 1 to 99 (sched_setscheduler(2), SCHED_FIFO). */
export function setRealTime(priority: number): Outcome {
  return attempt((libc) => libc.schedSetscheduler(0, SCHED_FIFO, new Int32Array([priority])), `SCHED_FIFO ${priority}`);
}

/** Lets the calling thread run only when no other wants to (sched_setscheduler(2), SCHED_IDLE). */
export function setIdle(): Outcome {
  return attempt((libc) => libc.schedSetscheduler(0, SCHED_IDLE, new Int32Array([0])), 'SCHED_IDLE');
}

/** Lets the calling thread run as usual again, beside others (sched_setscheduler(2), SCHED_OTHER). */
export function setOther(): Outcome {
  return attempt((libc) => libc.schedSetscheduler(0, SCHED_OTHER, new Int32Array([0])), 'SCHED_OTHER');
}

/** Whether this process may raise what it has lowered: most may not (capabilities(7), CAP_SYS_NICE). */
export function mayRaisePriority(): boolean {
  try {
    const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
    return effective !== undefined && (BigInt(`0x${effective}`) & CAP_SYS_NICE) !== 0n;
  } catch {
    return false; // no /proc: as if it were not
  }
}

/** Lets the calling thread give way to others: 0 (as usual) to 19 (last) (setpriority(2), which Linux applies to a thread). */
export function setNice(nice: number): Outcome {
  return attempt((libc) => libc.setpriority(PRIO_PROCESS, libc.gettid(), nice), `nice ${nice}`);
}

/** A second number for an open file or socket, of the whole process (dup(2)); -1 when there is none to be had. */
export function duplicateFile(fd: number): number {
  loaded ??= load();
  return typeof loaded === 'string' ? -1 : loaded.dup(fd);
}

/**
 * How much the system keeps of what a socket has received and nobody has read, bytes (SO_RCVBUF, socket(7)); of a listening socket: of all
 * that are accepted there.
 */
export function setReceiveBuffer(fd: number, bytes: number): Outcome {
  const value = new Int32Array([bytes]);
  return attempt((libc) => libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, value.byteLength), `${bytes} bytes`);
}

/**
 * Locks an open file for as long as it is open, or its process lives (flock(2)): also between containers that share the file, and on
 * every name that it has. Not done when another holds it (`EAGAIN` in the detail).
 */
export function lockFile(fd: number): Outcome {
  return attempt((libc) => libc.flock(fd, LOCK_EX | LOCK_NB), 'locked');
}

/** The CPU that the calling thread runs on now (sched_getcpu(3)), -1 when that cannot be known. */
export function currentCpu(): number {
  loaded ??= load();
  return typeof loaded === 'string' ? -1 : loaded.getcpu();
}

/** Lets other threads of the machine run (sched_yield(2)). Without system calls: returns at once. */
export function yieldThread(): void {
  loaded ??= load();
  if (typeof loaded !== 'string') loaded.schedYield();
}

/** The system's number of the calling thread (gettid(2)); the process id where that cannot be known. */
export function threadId(): number {
  loaded ??= load();
  return typeof loaded === 'string' ? process.pid : loaded.gettid();
}

/** Maps an open file's first bytes into memory, shared with all who map it (mmap(2), MAP_SHARED). Throws when that cannot be done. */
export function mapFile(fd: number, bytes: number): { buffer: ArrayBuffer; unmap(): void } {
  loaded ??= load();
  if (typeof loaded === 'string') throw new Error(`files cannot be mapped: ${loaded}`);
  const libc = loaded;
  const pointer = libc.mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0) as unknown;
  if (libc.address(pointer) === 2 ** 64 || libc.address(pointer) <= 0)
    throw new Error(`mmap of ${bytes} bytes: ${libc.errorName(libc.errno())}`);
  return { buffer: libc.view(pointer, bytes), unmap: () => void libc.munmap(pointer, bytes) };
}
