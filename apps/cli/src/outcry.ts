#!/usr/bin/env -S NODE_COMPILE_CACHE=${HOME}/.cache/outcry node --disable-warning=ExperimentalWarning
/** The `outcry` command: its subcommands, and the options that all of them have. */
import os from 'node:os';
import path from 'node:path';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { ConfigError } from '@outcry/venue/domain/config';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { accountCommand } from './account.ts';
import { benchCommand } from './bench.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { feedCommand } from './feed.ts';
import { itchCommand } from './itch.ts';
import { journalCommand } from './journal.ts';
import { memoryCommand } from './memory.ts';
import { endWithReader } from './output.ts';
import { replayCommand } from './replay.ts';
import { scenariosCommand } from './scenarios.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';

raiseInliningBudget();
// For threads and processes started from here: see runtime.ts.
process.env.NODE_COMPILE_CACHE ??= path.join(os.homedir(), '.cache', 'outcry');

const program = new Command('outcry')
  .description('A market: run a venue, look into its journal, follow its feeds, measure it.')
  .version('0.1.0')
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(configCommand())
  .addCommand(scenariosCommand())
  .addCommand(accountCommand())
  .addCommand(journalCommand())
  .addCommand(memoryCommand())
  .addCommand(feedCommand())
  .addCommand(itchCommand())
  .addCommand(replayCommand())
  .addCommand(benchCommand())
  .addCommand(simulateCommand())
  .addCommand(doctorCommand())
  // A venue goes on without those who read its words.
  .hook('preAction', (_, command) => {
    if (command.name() !== 'serve') endWithReader();
  });

/** Wrong usage: what nobody can do, however the machine and the files are. */
const USAGE = 2;

/** Lets a command, and those below it, throw what it would end the process with. */
function throwAtEnd(command: Command): void {
  command.exitOverride();
  for (const each of command.commands) throwAtEnd(each);
}

throwAtEnd(program);
try {
  await program.parseAsync();
} catch (error) {
  const isTold = error instanceof CommanderError && !(error instanceof InvalidArgumentError);
  if (!isTold) console.error(`outcry: ${(error as Error).message}`);
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else process.exitCode = error instanceof ConfigError ? error.exitCode : 1;
}
