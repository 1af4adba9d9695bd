/** The `memory` command: shows a venue's memory, and sizes for its next run. */
import fs from 'node:fs';
import path from 'node:path';
import { replaceFile } from '@outcry/journal/durable-file';
import { type MemoryReport, reportText } from '@outcry/memory/report';
import { type Peak, type Tuned, tune } from '@outcry/memory/tune';
import { PEAKS_FILE } from '@outcry/venue/core/memory';
import { Command } from 'commander';
import { DEFAULT_URL } from './options.ts';
import { printTable } from './output.ts';
import { getJson } from './request.ts';

/** A configuration holds no secrets. */
const CONFIG_MODE = 0o644;

interface TuneOptions {
  data: string;
  config?: string;
  json?: boolean;
}

export function memoryCommand(): Command {
  const command = new Command('memory')
    .description("Print a running venue's memory: pools and rings, pressure, suspected leaks, health, and what to change.")
    .option('--url <url>', 'address of the running venue', DEFAULT_URL)
    .option('--json', 'print JSON')
    .action(async ({ url, json }: { url: string; json?: boolean }) => {
      const report = await getJson<MemoryReport>(`${url}/outcry/v1/memory`);
      console.log(json ? JSON.stringify(report) : reportText(report));
    });
  command
    .command('tune')
    .description(
      'Propose sizes for the next run from the peaks of the runs so far: 1.5 times the peak for pools, four times for rings, rounded up.',
    )
    .option('--data <dir>', "the venue's data directory, where its peaks are recorded", 'data')
    .option('--config <file>', 'write the sizes into this configuration file; created if missing')
    .option('--json', 'print JSON')
    .action(showTuned);
  return command;
}

function showTuned({ data, config }: TuneOptions, command: Command): void {
  const file = path.join(data, PEAKS_FILE);
  if (!fs.existsSync(file)) throw new Error(`there is no ${file}: run a venue on ${data} first, and stop it`);
  const tuned = tune(JSON.parse(fs.readFileSync(file, 'utf8')) as Peak[]);
  if (config !== undefined) writeSizes(config, tuned);
  if (command.optsWithGlobals().json) {
    console.log(JSON.stringify(tuned));
    return;
  }
  printTable(
    ['setting', 'sized by', 'peak', 'now', 'proposed'],
    tuned.map(({ setting, name, peak, capacity, proposed }) => [setting, name, String(peak), String(capacity), String(proposed)]),
  );
  console.log(config === undefined ? 'Nothing was changed; --config FILE writes the proposed sizes.' : `Written to ${config}.`);
}

/** Puts `limits.orders` and the like into a JSON file, and leaves the rest of it alone. */
function writeSizes(file: string, tuned: readonly Tuned[]): void {
  const config = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  for (const { setting, proposed } of tuned) {
    const [key, inner] = setting.split('.');
    config[key] = inner === undefined ? proposed : { ...(config[key] as object), [inner]: proposed };
  }
  replaceFile(file, `${JSON.stringify(config, null, 2)}\n`, fs.existsSync(file) ? fs.statSync(file).mode & 0o777 : CONFIG_MODE);
}
