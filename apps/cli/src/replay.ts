import os from 'node:os';
import { type ReplayResult, replayFile } from '@outcry/benchmarks/replay-file';
import type { ReplayJob } from '@outcry/benchmarks/replay-task';
import { runParallel } from '@outcry/memory/scheduler';
import { Command, Option } from 'commander';
import { between } from './options.ts';
import { printTable, progressBar } from './output.ts';

interface ReplayOptions {
  runs: number;
  threads: number;
  latency?: boolean;
  json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('Play files of 16-byte order operations through the order book alone; print the trades, the books and the time it took.')
    .argument(
      '<files...>',
      'operations: u8 op (0 limit, 1 IOC, 2 market, 3 cancel, 4 replace), u8 side, u16 symbol, u32 id, i32 price, i32 quantity',
    )
    .option('--runs <n>', 'timed runs, after one to warm up', between(1, 1000), 5)
    .addOption(
      new Option('--threads <n>', 'files that are played at once; 1 gives the steadiest times')
        .argParser(between(1, 256))
        .default(os.availableParallelism(), 'one a core'),
    )
    .option('--latency', 'time every operation too, in a separate run')
    .option('--json', 'print one JSON object a file, each on its line')
    .action(async (files: string[], options: ReplayOptions) => {
      for (const [i, result] of (await replayAll(files, options)).entries()) {
        if (options.json) console.log(JSON.stringify(files.length === 1 ? result : { file: files[i], ...result }));
        else print(result, files.length === 1 ? undefined : files[i]);
      }
    });
}

async function replayAll(files: string[], { runs, threads, latency = false }: ReplayOptions): Promise<ReplayResult[]> {
  const bar = progressBar('replay', files.length === 1 ? runs + 1 : files.length);
  try {
    if (files.length === 1) return [replayFile(files[0], runs, latency, (done) => bar.update(done))];
    return await runParallel<ReplayResult>({
      module: new URL(import.meta.resolve('@outcry/benchmarks/replay-task')),
      tasks: files.length,
      threads,
      data: { files, runs, latency } satisfies ReplayJob,
      onDone: (done) => bar.update(done),
    });
  } finally {
    bar.stop();
  }
}

function print({ nsPerOp, latencyNs, books, ...rest }: ReplayResult, file?: string): void {
  if (file !== undefined) console.log(file);
  printTable(
    ['figure', 'value'],
    [
      ...Object.entries(rest).map(([name, value]) => [name, String(value)]),
      ...(books ?? []).map((book, i) => [`book ${i}`, JSON.stringify(book)]),
      ['ns per operation', `${nsPerOp.median} (${nsPerOp.min} to ${nsPerOp.max})`],
      ...Object.entries(latencyNs ?? {}).map(([name, value]) => [`latency ${name}, ns`, String(value)]),
    ],
  );
}
