#!/usr/bin/env node
// Runs the fast tests of the packages that hold money and orders, and fails below 95 % of their lines.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const PACKAGES = ['memory', 'market', 'book', 'ledger', 'engine', 'journal'];
const LEAST = 95;

const all = PACKAGES.flatMap((name) => fs.globSync(`packages/${name}/test/**/*.test.ts`));
const files = all.filter((file) => !file.endsWith('.long.test.ts')).sort();
const included = PACKAGES.map((name) => `--test-coverage-include=packages/${name}/src/**`);
const result = spawnSync(
  process.execPath,
  ['--test', '--experimental-test-coverage', `--test-coverage-lines=${LEAST}`, ...included, ...files],
  { stdio: 'inherit' },
);
process.exit(result.status ?? 1);
