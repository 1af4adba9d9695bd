/** The figure `book`. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateBookFlow, PROFILES } from '@outcry/workload/book-flow';
import { BookReplay, type OperationStream, readOperations } from '../book-replay.ts';
import { fillCompileCache, runChild } from '../child.ts';
import { PEERS, type PeerRun, playPeer } from '../peer-books.ts';
import type { ReplayResult } from '../replay-file.ts';
import { type FigureOptions, machine, type Report } from '../report.ts';

const LIMIT_SOURCE = fileURLToPath(new URL('../../peers/book-limit.cpp', import.meta.url));
const PROCESS = 'figures/book-run.ts';
const OPERATIONS = 1_000_000;
const SEED = 7;
/** The C++ limit may be at most so many times faster, and the npm package must be at least so many times slower. */
const GOAL_LIMIT = 2;
const GOAL_PEER = 50;

/** The order book alone on the three mixes, beside the same design in C++ and the books that npm offers. */
export async function benchBook(options: FigureOptions): Promise<Report> {
  fillCompileCache(PROCESS, []);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-bench-book-'));
  try {
    const limit = compileLimit(folder);
    const report: Report = {
      benchmark: 'book',
      title: `Order book alone, ${OPERATIONS} operations after filling the book, ns per operation (${options.runs} runs after a warm-up)`,
      machine: machine(),
      columns: ['profile', 'book', 'ns/op median', 'min', 'max', 'times Outcry', 'checked'],
      rows: [],
      goals: [],
      notes: ['The npm books play the stream once, without a warm-up of their own: a run takes them seconds.'],
    };
    if (limit === undefined) report.notes.push('No g++ on this machine: the C++ limit was not measured.');
    for (const [done, profile] of Object.keys(PROFILES).entries()) {
      options.onProgress(done / 3);
      await benchProfile(report, profile, folder, limit, options.runs);
    }
    return report;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function benchProfile(report: Report, profile: string, folder: string, limit: string | undefined, runs: number): Promise<void> {
  const file = path.join(folder, `${profile}.ops`);
  fs.writeFileSync(file, Buffer.from(generateBookFlow(profile, SEED, OPERATIONS).words.buffer));
  const stream = readOperations(file);
  const { result: own } = await runChild<ReplayResult>(PROCESS, [file, runs]);
  const { median, min, max } = own.nsPerOp;
  report.rows.push([profile, 'Outcry', median, min, max, 1, `tape ${own.tape}, the same in every run`]);
  if (limit !== undefined) {
    const cpp = runLimit(limit, file);
    if (cpp.trades !== own.trades || cpp.volume !== own.volume) throw new Error(`${profile}: the C++ book traded differently`);
    const ratio = median / cpp.median;
    report.rows.push([profile, 'the same design in C++', cpp.median, cpp.min, cpp.max, round(1 / ratio), 'same trades and volume']);
    report.goals.push({ goal: `${profile}: at most ${GOAL_LIMIT}x of C++`, measured: `${ratio.toFixed(2)}x`, met: ratio <= GOAL_LIMIT });
  }
  for (const peer of PEERS) {
    const run = playPeer(peer, stream);
    const checked = checkDepth(stream, run);
    report.rows.push([profile, peer.name, Math.round(run.nsPerOp), '', '', Math.round(run.nsPerOp / median), checked]);
    if (!peer.isGoal) continue;
    const ratio = run.nsPerOp / median;
    report.goals.push({
      goal: `${profile}: over ${GOAL_PEER} times faster than ${peer.name}`,
      measured: `${ratio.toFixed(0)} times`,
      met: ratio > GOAL_PEER,
    });
  }
}

/** Plays the same operations again and compares every price level with the peer's. */
function checkDepth(stream: OperationStream, run: PeerRun): string {
  const replay = new BookReplay(stream);
  replay.play(0, run.operations);
  const depth = replay.depth(0);
  const same =
    depth.length === run.depth.size && depth.every(({ side, price, quantity }) => run.depth.get(`${side}:${price}`) === quantity);
  const part = run.operations < stream.count ? ` (first ${run.operations} operations)` : '';
  return same ? `all ${depth.length} levels equal${part}` : `levels differ${part}`;
}

function compileLimit(folder: string): string | undefined {
  const program = path.join(folder, 'book-limit');
  const { status } = spawnSync('g++', ['-O3', '-march=native', LIMIT_SOURCE, '-o', program], { stdio: 'ignore' });
  return status === 0 ? program : undefined;
}

function runLimit(program: string, file: string): Record<'trades' | 'volume' | 'median' | 'min' | 'max', number> {
  const { stdout, status } = spawnSync(program, [file], { encoding: 'utf8' });
  const counts = /trades (\d+) vol (\d+)/.exec(stdout);
  const times = /median ([\d.]+) min ([\d.]+) max ([\d.]+)/.exec(stdout);
  if (status !== 0 || counts === null || times === null) throw new Error(`the C++ book failed on ${file}: ${stdout}`);
  const [median, min, max] = times.slice(1).map(Number);
  return { trades: Number(counts[1]), volume: Number(counts[2]), median, min, max };
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
