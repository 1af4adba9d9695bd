#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { raiseInliningBudget } from '@outcry/memory/inlining';
import { Command } from 'commander';
import { accountCommand } from './account.ts';
import { benchCommand } from './bench.ts';
import { doctorCommand } from './doctor.ts';
import { journalCommand } from './journal.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';

raiseInliningBudget();

const program = new Command('outcry')
  .description('Both sides of a market: run a venue, look into its journal, measure it.')
  .version('0.1.0')
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(accountCommand())
  .addCommand(journalCommand())
  .addCommand(replayCommand())
  .addCommand(benchCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(`outcry: ${(error as Error).message}`);
  process.exitCode = 1;
}
