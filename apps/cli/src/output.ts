/** What commands print: tables and progress bars. */
import { once } from 'node:events';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** Writes to standard output. Resolves when there is room for more: a pipe is as fast as its reader. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Ends the process when nobody reads its standard output any more: `| head` has seen enough. Anything else that is wrong with it is said. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    console.error(`outcry: standard output: ${error.message}`);
    process.exit(1);
  });
}

export function printTable(head: string[], rows: string[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

/** A progress bar on the terminal, and nothing when nobody looks on. */
export function progressBar(label: string, total: number): { update(done: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage}% {eta_formatted}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  return bar;
}
