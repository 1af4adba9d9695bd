#!/usr/bin/env -S NODE_COMPILE_CACHE=${HOME}/.cache/outcry node --disable-warning=ExperimentalWarning
import os from 'node:os';
import path from 'node:path';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { ConfigError } from '@outcry/venue/domain/config';
import { Command } from 'commander';
import { accountCommand } from './account.ts';
import { benchCommand } from './bench.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { feedCommand } from './feed.ts';
import { itchCommand } from './itch.ts';
import { journalCommand } from './journal.ts';
import { memoryCommand } from './memory.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';

raiseInliningBudget();
// For threads and processes started from here: see runtime.ts.
process.env.NODE_COMPILE_CACHE ??= path.join(os.homedir(), '.cache', 'outcry');

const program = new Command('outcry')
  .description('Both sides of a market: run a venue, look into its journal, follow its feeds, measure it.')
  .version('0.1.0')
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(configCommand())
  .addCommand(accountCommand())
  .addCommand(journalCommand())
  .addCommand(memoryCommand())
  .addCommand(feedCommand())
  .addCommand(itchCommand())
  .addCommand(replayCommand())
  .addCommand(benchCommand())
  .addCommand(simulateCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(`outcry: ${(error as Error).message}`);
  process.exitCode = error instanceof ConfigError ? error.exitCode : 1;
}
