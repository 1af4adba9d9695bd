#!/usr/bin/env node
// Builds the packages: JavaScript, declarations and source maps of each, from its src/ to its dist/. The workspace itself runs from the source.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BUILT, ROOT } from './packages.ts';

/** Modules that are named by their address and not imported: the compiler leaves these as they are. */
const ADDRESS = /(new URL\('\.[^']*)\.ts'/g;

const all = path.join(ROOT, 'dist');
fs.rmSync(all, { recursive: true, force: true });
const { status } = spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const folder of BUILT) {
  const dist = path.join(ROOT, folder, 'dist');
  fs.rmSync(dist, { recursive: true, force: true });
  fs.renameSync(path.join(all, folder, 'src'), dist);
  for (const file of fs.globSync('**/*.js', { cwd: dist })) {
    const place = path.join(dist, file);
    const text = fs.readFileSync(place, 'utf8');
    if (text.includes('new URL(')) fs.writeFileSync(place, text.replace(ADDRESS, "$1.js'"));
  }
}
// What a generator wrote is JavaScript with declarations already.
const generated = 'doors/grpc/generated';
fs.cpSync(path.join(ROOT, 'apps/venue/src', generated), path.join(ROOT, 'apps/venue/dist', generated), { recursive: true });
fs.rmSync(all, { recursive: true, force: true });
console.log(`built ${BUILT.length} packages`);
