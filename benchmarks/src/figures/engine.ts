import { fillCompileCache, runChild } from '../child.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import type { EngineRun } from './engine-run.ts';

const GOAL_MILLIONS = 8;
const PROCESS = 'figures/engine-run.ts';
const FLAGS = ['--expose-gc', '--trace-gc'];

/** The engine with accounts, holds, fees, settlement and events, on one thread, and what the garbage collector did meanwhile. */
export async function benchEngine(options: FigureOptions): Promise<Report> {
  fillCompileCache(PROCESS, FLAGS);
  const { result, output } = await runChild<EngineRun>(PROCESS, ['move', options.seconds], FLAGS);
  const { median, min, max } = range(result.rates, 2);
  const collections = collectionsBetween(output, result.begin, result.end);
  if (!result.correct) throw new Error('the engine lost events or assets');
  return {
    benchmark: 'engine',
    title: `Engine: accounts, holds, fees, matching, settlement, events; mix 'move', 1,000 accounts, ${options.seconds} s after 5 s of warm-up`,
    machine: machine(),
    columns: ['figure', 'median', 'min', 'max', 'checked'],
    rows: [
      ['million commands/s', median, min, max, 'assets conserved'],
      ['events a command', (result.eventsPerPass / result.commandsPerPass).toFixed(2), '', '', 'the same in every pass'],
      ['garbage collections', collections, '', '', '--trace-gc'],
    ],
    goals: [
      { goal: `at least ${GOAL_MILLIONS} million commands/s`, measured: `${median} million/s`, met: median >= GOAL_MILLIONS },
      { goal: 'no garbage collection in the timed run', measured: `${collections}`, met: collections === 0 },
    ],
    notes: [
      `A pass is ${result.commandsPerPass} commands; ${result.rates.length} passes were timed.`,
      'exchange-core publishes a ceiling of 5 to 7 million commands/s for this mix (on its own hardware; it did not run here).',
    ],
  };
}

/** Lines that --trace-gc printed with a time between the two, in milliseconds since the start of the process. */
function collectionsBetween(output: string, begin: number, end: number): number {
  let count = 0;
  for (const [, time] of output.matchAll(/^\[\d+:\w+\]\s+(\d+) ms: /gm)) if (Number(time) > begin - 150 && Number(time) <= end) count++;
  return count;
}
