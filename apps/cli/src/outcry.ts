#!/usr/bin/env -S NODE_COMPILE_CACHE=${HOME}/.cache/outcry node --disable-warning=ExperimentalWarning
/** Runs the `outcry` command. */
import os from 'node:os';
import path from 'node:path';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { ConfigError } from '@outcry/venue/domain/config';
import { CommanderError, InvalidArgumentError } from 'commander';
import { outcryProgram } from './program.ts';

raiseInliningBudget();
// For threads and processes started from here: see runtime.ts.
process.env.NODE_COMPILE_CACHE ??= path.join(os.homedir(), '.cache', 'outcry');

/** Wrong usage: what nobody can do, however the machine and the files are. */
const USAGE = 2;

try {
  await outcryProgram().parseAsync();
} catch (error) {
  const isTold = error instanceof CommanderError && !(error instanceof InvalidArgumentError);
  if (!isTold) console.error(`outcry: ${(error as Error).message}`);
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else process.exitCode = error instanceof ConfigError ? error.exitCode : 1;
}
