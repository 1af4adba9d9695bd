import os from 'node:os';
import { compareReplicas } from '@outcry/simulator/replicas';
import { simulate } from '@outcry/simulator/simulation';
import { Command } from 'commander';
import { between } from './options.ts';
import { progressBar } from './output.ts';
import { SimulatedDatabase } from './simulated-database.ts';

interface SimulateOptions {
  seed?: number;
  minutes: number;
  turns: number;
  directory: string;
  replicas?: number;
}

const MOST_SEED = 0x7fffffff;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      "Run the venue's parts under a seeded scheduler and a disk that loses unsynced writes, and check after each crash that nothing acknowledged is lost.",
    )
    .option(
      '--seed <n>',
      'the first seed; the same seed gives the same run (default: a random one, which is printed)',
      between(0, MOST_SEED),
    )
    .option('--minutes <n>', 'minutes to go on, one seed after another; 0: the first seed only', between(0, 10_000), 1)
    .option('--turns <n>', 'scheduler turns a seed', between(1, 10_000_000), 3000)
    .option('--directory <dir>', 'where journals and snapshots are written', os.tmpdir())
    .option(
      '--replicas <commands>',
      'compare an engine and a replica over this many random commands, instead of simulating crashes',
      between(1, 1e12),
    )
    .action(async (options: SimulateOptions) => {
      const seed = options.seed ?? Math.floor(Math.random() * MOST_SEED);
      if (options.replicas === undefined) await runSeeds(seed, options);
      else runReplicas(seed, options.replicas);
    });
}

async function runSeeds(first: number, { minutes, turns, directory }: SimulateOptions): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  const total = { lives: 0, commands: 0, crashes: 0, snapshots: 0, refusals: 0 };
  let seed = first;
  do {
    try {
      const report = await simulate(seed, turns, directory, (folder) => new SimulatedDatabase(folder));
      total.lives++;
      for (const name of ['commands', 'crashes', 'snapshots', 'refusals'] as const) total[name] += report[name];
    } catch (error) {
      console.error(`${(error as Error).message}\nAgain: outcry simulate --seed ${seed} --turns ${turns} --minutes 0`);
      process.exitCode = 1;
      return;
    }
    seed++;
  } while (performance.now() < until);
  console.log(
    `seeds ${first} to ${seed - 1}: ${total.commands} commands, ${total.crashes} crashes, ${total.snapshots} snapshots, ` +
      `${total.refusals} starts refused because of planted damage. Every acknowledged command was there, none twice, nothing was lost.`,
  );
}

function runReplicas(seed: number, commands: number): void {
  const bar = progressBar('replicas', 100);
  const report = compareReplicas(seed, commands, (done) => bar.update(Math.floor((done / commands) * 100)));
  bar.stop();
  console.log(
    `seed ${seed}: ${report.commands} commands, ${report.trades} trades; the states were equal to the byte at ${report.comparisons} points, ` +
      `the replica went on from ${report.snapshots} snapshots. State hash ${report.stateHash}.`,
  );
}
