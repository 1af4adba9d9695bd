#!/usr/bin/env node
// Runs the tests: `npm test` the fast ones, `--long` those that take minutes (*.long.test.ts).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const long = process.argv.includes('--long');
const files = fs
  .globSync(['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'simulator/test/**/*.test.ts', 'scripts/test/**/*.test.ts'])
  .filter((file) => file.endsWith('.long.test.ts') === long)
  .sort();
if (files.length === 0) {
  console.error('no test files found');
  process.exit(1);
}
const reporter = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
const result = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-timeout=1200000', ...reporter, ...files], {
  stdio: 'inherit',
  env: { ...process.env, OUTCRY_GUARDED: '1' }, // pools name a block that is used wrongly
});
process.exit(result.status ?? 1);
