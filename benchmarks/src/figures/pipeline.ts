import { pipelineLoad, runPipeline } from '../pipeline.ts';
import { type FigureOptions, type Goal, machine, type Report } from '../report.ts';

const FLAT_OUT = 0;
const RATES = [FLAT_OUT, 100_000, 1_000_000];
const GOAL_PER_SECOND = 3_000_000;
/** milliseconds at most, by rate */
const GOALS_MS: Record<number, Partial<Record<'p50' | 'p99', number>>> = { 100000: { p50: 0.25, p99: 0.5 }, 1000000: { p99: 1 } };

/** Command ring, engine with accounts, journal with fdatasync, reply ring: each on its own thread. */
export async function benchPipeline(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'pipeline',
    title: `Durable commands: ring, engine, journal with fdatasync, reply ring; ${options.seconds} s each, times in ms from the intended send time`,
    machine: machine(),
    columns: ['asked for', 'commands/s', 'p50', 'p99', 'p99.9', 'p99.99', 'max', 'checked'],
    rows: [],
    goals: [],
    notes: ['Flat out, the time is how long a command waits behind a full ring: it says how deep the ring is, not how fast the venue is.'],
  };
  const loop = pipelineLoad();
  for (const [done, rate] of RATES.entries()) {
    options.onProgress(done / RATES.length);
    const { perSecond, latencyNs, correct } = await runPipeline(loop, rate, options.seconds, options.directory);
    if (!correct) throw new Error(`at ${rate || 'full'} speed commands were lost or traded differently`);
    const ms = Object.fromEntries(Object.entries(latencyNs).map(([name, ns]) => [name, Number((ns / 1e6).toFixed(3))]));
    const label = rate === FLAT_OUT ? 'flat out' : `${rate / 1000},000/s`.replace('1000,', '1,000,');
    report.rows.push([label, Math.round(perSecond), ms.p50, ms.p99, ms.p999, ms.p9999, ms.max, 'every command durable, answered once']);
    report.goals.push(...goalsOf(rate, label, perSecond, ms));
  }
  return report;
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
