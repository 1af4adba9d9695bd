import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import { loadRest } from '../rest-load.ts';

const OUTCRY = fileURLToPath(new URL('../../../apps/cli/src/outcry.ts', import.meta.url));
const CONNECTIONS = 50;
const RUN_SECONDS = 5;
const RECORDS_AN_ORDER = 2;
const GOAL_PER_SECOND = 15_000;

/** Signed orders over loopback REST into a demo venue, each durable before it is answered. */
export async function benchRest(options: FigureOptions): Promise<Report> {
  const data = fs.mkdtempSync(path.join(options.directory, 'outcry-bench-rest-'));
  const venue = spawn(process.execPath, [OUTCRY, 'serve', '--demo', '--no-flow', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await addressOf(venue);
    await loadRest(url, CONNECTIONS, RUN_SECONDS); // warm-up
    let answered = 0;
    const before = await durableSequence(url);
    const rates: number[] = [];
    const p50: number[] = [];
    const p99: number[] = [];
    for (let i = 0; i < options.runs; i++) {
      const run = await loadRest(url, CONNECTIONS, RUN_SECONDS);
      if (run.failed > 0) throw new Error(`${run.failed} of ${run.orders} orders were refused; the first: ${run.firstFailure}`);
      answered += run.orders;
      rates.push(run.orders / run.seconds);
      p50.push(run.latencyNs.p50 / 1e6);
      p99.push(run.latencyNs.p99 / 1e6);
      options.onProgress((i + 1) / options.runs);
    }
    const journaled = (await durableSequence(url)) - before;
    if (journaled !== answered * RECORDS_AN_ORDER)
      throw new Error(`${answered} orders were answered, ${journaled} records are in the journal`);
    const orders = range(rates, 0);
    const row = (name: string, values: number[]) => {
      const { median, min, max } = range(values, 2);
      return [name, median, min, max];
    };
    return {
      benchmark: 'rest',
      title: `Signed REST orders over loopback, fsync before the answer, ${CONNECTIONS} connections (${options.runs} runs of ${RUN_SECONDS} s)`,
      machine: machine(),
      columns: ['figure', 'median', 'min', 'max'],
      rows: [['orders/s', orders.median, orders.min, orders.max], row('answer p50, ms', p50), row('answer p99, ms', p99)],
      goals: [{ goal: `at least ${GOAL_PER_SECOND} orders/s`, measured: `${orders.median}/s`, met: orders.median >= GOAL_PER_SECOND }],
      notes: [
        `Every answer was a 200, and the journal grew by ${RECORDS_AN_ORDER} records an order: its client order id and its terms.`,
        'Each connection waits for its answer: the times are response times at this load, not those of an open stream of orders.',
        'The client shares the machine with the venue.',
      ],
    };
  } finally {
    const ended = new Promise((resolve) => venue.once('exit', resolve));
    venue.kill('SIGTERM');
    await ended;
    fs.rmSync(data, { recursive: true, force: true });
  }
}

function addressOf(venue: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    venue.once('exit', (code) => reject(new Error(`the venue ended with ${code}: ${output}`)));
    venue.stdout?.on('data', (chunk) => {
      output += chunk;
      const url = /http:\/\/[\d.]+:\d+/.exec(output)?.[0];
      if (url !== undefined) resolve(url);
    });
  });
}

async function durableSequence(url: string): Promise<number> {
  const status = (await (await fetch(`${url}/outcry/v1/status`)).json()) as { durableSequence: number };
  return status.durableSequence;
}
