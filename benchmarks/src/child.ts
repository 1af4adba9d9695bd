/** Runs a part of a benchmark in a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface ChildRun<T> {
  result: T;
  /** what the process printed: traces of the runtime */
  output: string;
}

/**
 * Runs a module of this folder in a process of its own, so that one figure's code and memory do not colour another's. The module
 * writes one JSON object to file descriptor 3.
 */
export async function runChild<T>(module: string, args: readonly (string | number)[], flags: readonly string[] = []): Promise<ChildRun<T>> {
  const file = fileURLToPath(new URL(module, import.meta.url));
  const child = spawn(process.execPath, [...flags, file, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  let output = '';
  let json = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stdio[3]?.on('data', (chunk) => {
    json += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${module} ended with ${code}: ${output.slice(-2000)}`);
  return { result: JSON.parse(json) as T, output };
}

/** Loads a module of this folder in a process that ends at once, so that the measured one finds its code in the compile cache (one a set of flags). */
export function fillCompileCache(module: string, flags: readonly string[]): void {
  spawnSync(process.execPath, [...flags, fileURLToPath(new URL(module, import.meta.url)), 'load']);
}
