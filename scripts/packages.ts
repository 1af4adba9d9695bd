// The packages that others can install: the libraries, the venue, and the page that it serves.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What is built to `dist/`: folders below the root, those that others need first. */
export const BUILT = ['memory', 'market', 'book', 'ledger', 'engine', 'journal', 'telemetry', 'wire', 'workload', 'feed', 'replica']
  .map((name) => `packages/${name}`)
  .concat('apps/venue', 'packages/testing');

/** What is packed: the terminal is served from its source. */
export const PACKED = [...BUILT, 'apps/terminal'];

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, unknown>;
  dependencies?: Record<string, string>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
}
