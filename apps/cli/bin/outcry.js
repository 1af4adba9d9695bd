#!/usr/bin/env node
// Starts the command where Node can run it, and says which one it needs where it cannot. Plain JavaScript, that old ones read as well.
import fs from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';

const { engines } = JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const wanted = Number(/\d+/.exec(engines.node)[0]);
const { node } = process.versions;

if (Number.parseInt(node, 10) < wanted) {
  console.error(`outcry: this is Node.js ${node}, and outcry needs Node.js ${wanted} or newer.`);
  process.exitCode = 2;
} else {
  passOverExperiments();
  // Of this thread; outcry.ts says it to the others.
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || path.join(os.homedir(), '.cache', 'outcry'));
  import('../src/outcry.ts');
}

/** Node's warnings that something of its own is experimental are nothing that an operator can act on; all others are shown. */
function passOverExperiments() {
  const { emitWarning } = process;
  process.emitWarning = (warning, type, ...rest) => {
    const name = warning instanceof Error ? warning.name : typeof type === 'object' && type !== null ? type.type : type;
    if (name !== 'ExperimentalWarning') emitWarning.call(process, warning, type, ...rest);
  };
}
