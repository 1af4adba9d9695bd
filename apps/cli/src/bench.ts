/** The `bench` command: runs figures and prints their reports. */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { FIGURES } from '@outcry/benchmarks/figures/index';
import type { Report } from '@outcry/benchmarks/report';
import { Argument, Command } from 'commander';
import { between } from './options.ts';
import { printTable, progressBar } from './output.ts';

const NAMES = Object.keys(FIGURES);

interface BenchOptions {
  runs: number;
  seconds: number;
  directory: string;
  json?: boolean;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure the venue, and say which goals are met. Takes minutes, on a machine with nothing else to do.')
    .addArgument(new Argument('<figure>', 'what to measure').choices([...NAMES, 'all']))
    .option('--runs <n>', 'timed runs after a warm-up', between(1, 100), 5)
    .option('--seconds <n>', 'seconds that the sustained runs of engine and pipeline take', between(1, 3600), 30)
    .option('--directory <dir>', 'where journals are written: the disk that is measured', os.tmpdir())
    .option('--json', 'print one JSON object a figure, each on its line')
    .addHelpText('after', `\nFigures:\n${NAMES.map((name) => `  ${name.padEnd(10)} ${FIGURES[name].what}`).join('\n')}\n`)
    .action(async (figure: string, options: BenchOptions) => {
      if (figure === 'all') benchAll(options);
      else await benchOne(figure, options);
    });
}

async function benchOne(figure: string, options: BenchOptions): Promise<void> {
  const bar = progressBar(figure, 100);
  let report: Report;
  try {
    report = await FIGURES[figure].run({ ...options, onProgress: (share) => bar.update(Math.round(share * 100)) });
  } finally {
    bar.stop();
  }
  if (options.json) console.log(JSON.stringify(report));
  else printReport(report);
}

/** Each figure in a process of its own: what one leaves in the compiler and in memory does not colour the next. */
function benchAll(options: BenchOptions): void {
  const shared = ['--runs', options.runs, '--seconds', options.seconds, '--directory', options.directory].map(String);
  for (const name of NAMES) {
    const { status } = spawnSync(process.execPath, [process.argv[1], 'bench', name, ...shared, ...(options.json ? ['--json'] : [])], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}

function printReport({ title, machine, columns, rows, goals, notes }: Report): void {
  console.log(`\n${title}`);
  printTable(
    columns,
    rows.map((row) => row.map(String)),
  );
  for (const { goal, measured, met } of goals) console.log(`${met ? 'met   ' : 'missed'}  ${goal}: ${measured}`);
  for (const note of notes) console.log(`note    ${note}`);
  console.log(
    `on      ${Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
}
