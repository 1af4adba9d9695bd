import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

it('the example of the README does what it says', (t) => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8'))!;
  const file = fileURLToPath(new URL(`readme-example-${process.pid}.ts`, import.meta.url));
  t.after(() => fs.rmSync(file));
  fs.writeFileSync(file, example);
  assert.equal(execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', file], { encoding: 'utf8' }), 'hello\n');
});
