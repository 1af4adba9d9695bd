#!/usr/bin/env node
// Before npm packs a package: its manifest leads to dist/ instead of src/, and names the versions of its siblings. After: as it was.
// Node does not run TypeScript from an installed package, and the workspace does not build.
import fs from 'node:fs';
import path from 'node:path';
import { PACKED, ROOT, readManifest } from './packages.ts';

const SAVED = 'package.json.source';
const folder = process.cwd();
const manifest = path.join(folder, 'package.json');
const saved = path.join(folder, SAVED);

if (process.argv[2] === 'restore') fs.renameSync(saved, manifest);
else prepare();

function prepare(): void {
  if (fs.existsSync(saved)) fs.renameSync(saved, manifest); // a packing that was interrupted
  const own = readManifest(folder);
  if (JSON.stringify(own.exports).includes('./src/') && !fs.existsSync(path.join(folder, 'dist')))
    throw new Error(`${own.name} is not built: run 'npm run build' first`);
  const versions = new Map(PACKED.map((place) => readManifest(path.join(ROOT, place))).map(({ name, version }) => [name, version]));
  const dependencies = Object.entries(own.dependencies ?? {}).map(([name, version]) => [name, versions.get(name) ?? version]);
  const exports = Object.entries(own.exports).map(([name, target]) => [name, built(target)]);
  fs.renameSync(manifest, saved);
  const packed = { ...own, exports: Object.fromEntries(exports), dependencies: Object.fromEntries(dependencies) };
  fs.writeFileSync(manifest, `${JSON.stringify(packed, null, 2)}\n`);
}

/** @param target of an export; one that is in src/ has been built */
function built(target: unknown): unknown {
  if (typeof target !== 'string' || !target.startsWith('./src/')) return target;
  const place = target.replace('./src/', './dist/').replace(/\.ts$/, '');
  return { types: `${place}.d.ts`, default: `${place}.js` };
}
