/** The `doctor` command: what this machine offers a venue, and what took effect. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { realDisk } from '@outcry/journal/disk';
import { adviseHugePages, lockMemory, pinThread, setRealTime } from '@outcry/memory/libc';
import { bytesOf, reserve } from '@outcry/memory/span';
import { readTopology } from '@outcry/memory/topology';
import { Command } from 'commander';
import { printTable } from './output.ts';

interface Finding {
  what: string;
  /** undefined: neither good nor bad */
  good?: boolean;
  found: string;
}

const SYNC_ROUNDS = 200;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what this machine offers a venue: pinning, SCHED_FIFO, huge pages, disk, clock; each is tried.')
    .option('--data <dir>', 'directory whose disk is measured', '.')
    .option('--json', 'print JSON')
    .action(async ({ data, json }: { data: string; json?: boolean }) => {
      if (!fs.existsSync(data)) throw new Error(`there is no directory ${data}`);
      const findings = [...machine(), ...memory(), disk(data), ...(await clock()), ...placement()];
      if (json) console.log(JSON.stringify(findings));
      else {
        const mark = (good?: boolean) => (good === undefined ? '' : good ? 'yes' : 'NO');
        printTable(
          ['what', 'good', 'found'],
          findings.map(({ what, good, found }) => [what, mark(good), found]),
        );
      }
    });
}

function machine(): Finding[] {
  const cores = os.availableParallelism();
  const [major] = process.versions.node.split('.').map(Number);
  return [
    { what: 'Node', good: major >= 24, found: `${process.version} (needs 24 or later)` },
    {
      what: 'cores',
      good: cores >= 4,
      found: `${cores} (${os.cpus()[0]?.model ?? 'unknown'})${cores < 4 ? '; engine, journal, follower and gateway share them' : ''}`,
    },
    { what: 'NUMA nodes', found: nodes() },
    {
      what: 'CPU frequency governor',
      found: readLine('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'not shown by this machine',
    },
  ];
}

/** Tried on this very process, last: what is measured after it would run under it. */
function placement(): Finding[] {
  const last = os.availableParallelism() - 1;
  const pinned = pinThread(last);
  const realTime = setRealTime(1);
  return [
    { what: 'pinning a thread to a CPU', good: pinned.done, found: pinned.detail },
    { what: 'real-time scheduling', good: realTime.done, found: realTime.detail + (realTime.done ? '' : '; needs root or CAP_SYS_NICE') },
  ];
}

function memory(): Finding[] {
  const span = reserve(16 * 1024 * 1024);
  const advised = adviseHugePages(span);
  bytesOf(span).fill(1);
  const backed = hugeKilobytes();
  const locked = lockMemory(span);
  const setting = readLine('/sys/kernel/mm/transparent_hugepage/enabled');
  return [
    { what: 'memory', found: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB, ${(os.freemem() / 2 ** 30).toFixed(1)} free` },
    {
      what: 'huge pages',
      good: advised.done && backed > 0,
      found: `${advised.detail}; ${backed} KiB backed by them${setting === undefined ? '' : `; system setting: ${setting}`}`,
    },
    { what: 'locking memory', good: locked.done, found: locked.detail },
  ];
}

/** How long a batch takes to reach the disk: the floor under every acknowledgement. */
function disk(directory: string): Finding {
  const file = path.join(directory, `.outcry-doctor-${process.pid}`);
  const fd = fs.openSync(file, 'wx');
  const block = Buffer.alloc(4096);
  const times: number[] = [];
  try {
    for (let i = 0; i < SYNC_ROUNDS; i++) realDisk.write(fd, [block], i * block.length);
    fs.fsyncSync(fd);
    for (let i = 0; i < SYNC_ROUNDS; i++) {
      realDisk.write(fd, [block], i * block.length);
      const started = performance.now();
      realDisk.sync(fd);
      times.push(performance.now() - started);
    }
  } finally {
    fs.closeSync(fd);
    fs.rmSync(file);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))].toFixed(3);
  return { what: 'disk sync of 4 KiB', good: Number(at(0.5)) < 1, found: `median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms` };
}

async function clock(): Promise<Finding[]> {
  const reads = 200_000;
  const started = process.hrtime.bigint();
  for (let i = 0; i < reads; i++) performance.now();
  const cost = Number(process.hrtime.bigint() - started) / reads;
  const late: number[] = [];
  for (let i = 0; i < 20; i++) {
    const due = performance.now() + 2;
    await sleep(2);
    late.push(performance.now() - due);
  }
  const source = readLine('/sys/devices/system/clocksource/clocksource0/current_clocksource');
  return [
    { what: 'clock', good: cost < 200, found: `${cost.toFixed(0)} ns a reading${source === undefined ? '' : `, source ${source}`}` },
    { what: 'timers', good: Math.max(...late) < 5, found: `at worst ${Math.max(...late).toFixed(2)} ms late in 20 sleeps of 2 ms` },
  ];
}

function nodes(): string {
  const { nodes: all, known } = readTopology();
  if (!known) return 'not shown by this machine; taken for one';
  if (all.length === 1) return '1: all memory is local';
  return all
    .map(({ number, cpus, totalBytes }) => `${number}: CPUs ${cpus.join(',')}, ${(totalBytes / 2 ** 30).toFixed(0)} GiB`)
    .join('; ');
}

function hugeKilobytes(): number {
  const line = readLine('/proc/self/smaps_rollup', /AnonHugePages:\s+(\d+)|ShmemPmdMapped:\s+(\d+)/);
  return Number(line ?? 0);
}

/** The first line of a system file, or the first group of a pattern in it; undefined where it cannot be read. */
function readLine(file: string, pattern?: RegExp): string | undefined {
  try {
    const text = fs.readFileSync(file, 'utf8');
    return pattern === undefined ? text.trim() : pattern.exec(text)?.slice(1).find(Boolean);
  } catch {
    return undefined;
  }
}
