import { runChild } from '../child.ts';
import { type FigureOptions, machine, type Report } from '../report.ts';
import type { MemoryRun } from './memory-run.ts';

const GOAL_BYTES = 128;
const GOAL_RESIDENT_MB = 200;

/** What a million resting orders cost, from 1 tick to 2 billion ticks in one book. */
export async function benchMemory(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'memory',
    title: 'Resident memory of 1,000,000 resting orders in the engine with accounts, prices from 1 tick to 2,000,000,000',
    machine: machine(),
    columns: ['orders', 'empty process, MB', 'with orders, MB', 'difference, MB', 'bytes an order'],
    rows: [],
    goals: [],
    notes: ['The difference counts everything: orders, levels, accounts, index, events and compiled code. MB is 10^6 bytes.'],
  };
  for (const [done, kind] of ['without client ids', 'client-ids'].entries()) {
    options.onProgress(done / 2);
    const { result } = await runChild<MemoryRun>('figures/memory-run.ts', [kind], ['--expose-gc']);
    if (!result.correct) throw new Error('not every order rested');
    const bytes = result.fullBytes - result.emptyBytes;
    const perOrder = bytes / result.orders;
    const label = done === 0 ? 'known by number' : 'each with a client order id of 33 letters';
    report.rows.push([label, mega(result.emptyBytes), mega(result.fullBytes), mega(bytes), Math.round(perOrder)]);
    if (done === 0) {
      report.goals.push({ goal: `at most ${GOAL_BYTES} bytes an order`, measured: perOrder.toFixed(0), met: perOrder <= GOAL_BYTES });
    }
    const goal = `${label}: 1 million under ${GOAL_RESIDENT_MB} MB`;
    report.goals.push({ goal, measured: `${mega(bytes)} MB`, met: bytes < GOAL_RESIDENT_MB * 1e6 });
  }
  return report;
}

function mega(bytes: number): number {
  return Number((bytes / 1e6).toFixed(1));
}
