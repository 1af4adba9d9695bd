/** The house: which files there are, what each imports, and what house.json allows. */
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../packages.ts';

interface House {
  /** from the ground up: a package imports only from floors below its own */
  packages: string[][];
  /** the floors within a package: a file imports from its own and those before it */
  rooms: Record<string, { floors: string[]; apart: string; shared: string[] }>;
  /** lines of a source file, and of a test */
  longest: number;
  longestTest: number;
  /** those that are longer, and why */
  longer: Record<string, string>;
  /** circles that are known: their folder, and why */
  circles: { within: string; why: string }[];
}

export const house: House = JSON.parse(fs.readFileSync(path.join(ROOT, 'house.json'), 'utf8'));

/** Source files that people wrote, from the root. */
export const sources: readonly string[] = house.packages
  .flat()
  .flatMap((folder) => fs.globSync(`${folder}/src/**/*.ts`, { cwd: ROOT }))
  .filter((file) => !file.includes('/generated/'))
  .sort();

/** All files that people wrote, tests and scripts too. */
export const allFiles: readonly string[] = fs
  .globSync(['{packages,apps}/*/{bin,src,test}/**/*.{js,ts}', '{simulator,benchmarks,scripts,examples}/**/*.{js,ts}'], { cwd: ROOT })
  .filter((file) => !/\/(generated|node_modules|dist)\//.test(file))
  .sort();

/** Whether a file is a test, or helps tests. */
export function isTest(file: string): boolean {
  return file.includes('/test/');
}

export function textOf(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** What a file imports of the house, as types or values: files from the root; packages whose file is not said by their folder. */
export function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(IMPORT)].flatMap(([, name]) => resolve(file, name) ?? []);
}

/** The package that a file is in. */
export function packageOf(file: string): string | undefined {
  return house.packages.flat().find((folder) => file === folder || file.startsWith(`${folder}/`));
}

function resolve(from: string, name: string): string | undefined {
  if (name.startsWith('.')) return path.join(path.dirname(from), name);
  const match = /^@outcry\/([a-z-]+)(?:\/(.+))?$/.exec(name);
  if (match === null) return undefined;
  const [, short, inner = 'index'] = match;
  const folder = house.packages.flat().find((each) => each === short || each.endsWith(`/${short}`));
  return folder === undefined ? undefined : `${folder}/src/${inner}.ts`;
}

/** Files that import each other in a circle, each circle once. Tarjan, Depth-first search and linear graph algorithms (1972). */
export function circles(): string[][] {
  const edges = new Map(sources.map((file) => [file, importsOf(file).filter((each) => each !== file)]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of sources) if (!index.has(file)) visit(file);
  return found;
}
