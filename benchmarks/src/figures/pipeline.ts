/** The figure `pipeline`. */
import fs from 'node:fs';
import path from 'node:path';
import { type PipelineResult, pipelineLoad, runPipeline } from '../pipeline.ts';
import { type FigureOptions, type Goal, machine, type Range, type Report, range } from '../report.ts';

const FLAT_OUT = 0;
const RATES = [FLAT_OUT, 100_000, 1_000_000];
const PERCENTILES = ['p50', 'p99', 'p999', 'p9999', 'max'] as const;
const GOAL_PER_SECOND = 3_000_000;
/** milliseconds at most, by rate */
const GOALS_MS: Record<number, Partial<Record<'p50' | 'p99', number>>> = { 100000: { p50: 0.25, p99: 0.5 }, 1000000: { p99: 1 } };

/** Command ring, engine with accounts, journal with fdatasync, reply ring: each on its own thread. */
export async function benchPipeline(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'pipeline',
    title: `Durable commands: ring, engine, journal with fdatasync, reply ring; ${options.runs} runs of ${options.seconds} s each, median (range), times in ms from the intended send time`,
    machine: machine(),
    columns: ['asked for', 'commands/s', 'p50', 'p99', 'p99.9', 'p99.99', 'max', 'checked'],
    rows: [],
    goals: [],
    notes: ['Flat out, the time is how long a command waits behind a full ring: it says how deep the ring is, not how fast the venue is.'],
  };
  const folder = fs.mkdtempSync(path.join(options.directory, 'outcry-pipeline-'));
  try {
    await measure(report, options, folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

async function measure(report: Report, options: FigureOptions, folder: string): Promise<void> {
  const loop = pipelineLoad();
  let placed: string[] = [];
  let done = 0;
  for (const rate of RATES) {
    const label = rate === FLAT_OUT ? 'flat out' : `${rate / 1000},000/s`.replace('1000,', '1,000,');
    const runs: PipelineResult[] = [];
    while (runs.length < options.runs) {
      options.onProgress(done++ / (RATES.length * options.runs));
      const run = await runPipeline(loop, rate, options.seconds, folder);
      if (!run.correct) throw new Error(`${label}: commands were lost or traded differently`);
      runs.push(run);
    }
    ({ placed } = runs[0]);
    const perSecond = range(
      runs.map((run) => run.perSecond),
      0,
    );
    const percentiles = PERCENTILES.map((name) =>
      range(
        runs.map(({ latencyNs }) => latencyNs[name] / 1e6),
        3,
      ),
    );
    report.rows.push([label, inWords(perSecond), ...percentiles.map(inWords), 'every command durable, answered once']);
    const [p50, p99] = percentiles;
    report.goals.push(...goalsOf(rate, label, perSecond.median, { p50: p50.median, p99: p99.median }));
  }
  report.notes.push(placed.join('; '));
}

function inWords({ median, min, max }: Range): string {
  return min === max ? String(median) : `${median} (${min} to ${max})`;
}

function goalsOf(rate: number, label: string, perSecond: number, ms: Record<string, number>): Goal[] {
  if (rate === FLAT_OUT) {
    const measured = `${(perSecond / 1e6).toFixed(2)} million/s`;
    return [{ goal: 'at least 3 million durable commands/s', measured, met: perSecond >= GOAL_PER_SECOND }];
  }
  return Object.entries(GOALS_MS[rate]).map(([name, limit]) => ({
    goal: `${label}: ${name} under ${limit} ms`,
    measured: `${ms[name]} ms`,
    met: ms[name] < limit,
  }));
}
