/** The figure `store`. */
import fs from 'node:fs';
import path from 'node:path';
import { runChild } from '../child.ts';
import { type FigureOptions, machine, type Report } from '../report.ts';
import type { StoreRun } from './store-run.ts';

const RATE = 50_000;
/** the first seconds are not counted: every thread's code is compiled, the database's cache fills */
const WARM_UP_S = 3;
/** A lag is flat when it grows by less than this share of the rate. */
const FLAT = 0.01;

/** Whether the store keeps up with the journal, what an order takes of the disk, and how fast a store is built anew. */
export async function benchStore(options: FigureOptions): Promise<Report> {
  const folder = fs.mkdtempSync(path.join(options.directory, 'outcry-bench-store-'));
  try {
    const { result } = await runChild<StoreRun>('figures/store-run.ts', [folder, RATE, options.seconds]);
    if (!result.correct) throw new Error('commands were lost or traded differently');
    return report(options.seconds, result);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function report(seconds: number, run: StoreRun): Report {
  const lags = run.lags.slice(WARM_UP_S);
  const slope = slopeOf(lags);
  const largest = Math.max(...lags);
  const rebuilt = Math.round(run.commands / run.rebuildSeconds);
  const bytes = (of: number) => Math.round(of / run.orders);
  return {
    benchmark: 'store',
    title: `The store behind ${RATE} commands/s for ${seconds} s, each durable in the journal; ${run.orders} orders`,
    machine: machine(),
    columns: ['what', 'figure'],
    rows: [
      ['commands/s taken', Math.round(run.perSecond)],
      ['lag of the store, commands: median', median(lags)],
      ['lag of the store, commands: largest', largest],
      ['slope of the lag, commands/s', Math.round(slope)],
      ['journal, bytes an order', bytes(run.journalBytes)],
      ['store, bytes an order', bytes(run.storeBytes)],
      ['store built anew, commands/s', rebuilt],
      ['store built anew, commands a second of processor time', Math.round(run.commands / run.rebuildCpuSeconds)],
    ],
    goals: [
      { goal: `the lag does not grow at ${RATE} commands/s`, measured: `${Math.round(slope)} commands/s`, met: slope < RATE * FLAT },
      { goal: `a store is built anew faster than ${RATE} commands/s`, measured: `${rebuilt}/s`, met: rebuilt > RATE },
    ],
    notes: [
      'The mix is "move": orders that are entered, traded in part, cancelled; 1,000 accounts, one instrument.',
      'The load is sent by the same process: client, engine, journal and follower share the cores.',
    ],
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** By least squares, a second each. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [above, below] = [0, 0];
  values.forEach((value, i) => {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  });
  return below === 0 ? 0 : above / below;
}
