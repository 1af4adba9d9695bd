import { replayFile } from '@outcry/benchmarks/replay-file';
import { Command, InvalidArgumentError } from 'commander';
import { printTable, progressBar } from './output.ts';

function runCount(text: string): number {
  const runs = Number(text);
  if (!/^\d+$/.test(text) || runs < 1 || runs > 1000) throw new InvalidArgumentError('a number of runs from 1 to 1000');
  return runs;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('Play a file of 16-byte order operations through the order book alone, and say what came of it and how long it took.')
    .argument(
      '<file>',
      'operations: u8 op (0 limit, 1 IOC, 2 market, 3 cancel, 4 replace), u8 side, u16 symbol, u32 id, i32 price, i32 quantity',
    )
    .option('--runs <n>', 'timed runs, after one to warm up', runCount, 5)
    .option('--latency', 'time every operation as well, in a run of its own')
    .option('--json', 'print one JSON object')
    .action((file: string, options: { runs: number; latency?: boolean; json?: boolean }) => {
      const bar = progressBar('replay', options.runs + 1);
      const result = replayFile(file, options.runs, options.latency === true, (done) => bar.update(done));
      bar.stop();
      if (options.json) {
        console.log(JSON.stringify(result));
        return;
      }
      const { nsPerOp, latencyNs, books, ...rest } = result;
      printTable(
        ['figure', 'value'],
        [
          ...Object.entries(rest).map(([name, value]) => [name, String(value)]),
          ...(books ?? []).map((book, i) => [`book ${i}`, JSON.stringify(book)]),
          ['ns per operation', `${nsPerOp.median} (${nsPerOp.min} to ${nsPerOp.max})`],
          ...Object.entries(latencyNs ?? {}).map(([name, value]) => [`latency ${name}, ns`, String(value)]),
        ],
      );
    });
}
