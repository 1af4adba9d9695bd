/** `outcry config`: what a venue would make of its configuration, without starting one. */
import { compareWithJournal } from '@outcry/venue/core/known-market';
import { ConfigError } from '@outcry/venue/domain/config';
import { shown } from '@outcry/venue/domain/config-check';
import { fileSchema } from '@outcry/venue/domain/config-schema';
import { marketWarnings } from '@outcry/venue/domain/market-warnings';
import { journalOf } from '@outcry/venue/venue-services';
import { Command } from 'commander';
import { type ConfigOptions, configured, withConfigOptions } from './configured.ts';
import { printTable } from './output.ts';

export function configCommand(): Command {
  const command = new Command('config').description('Check and show a configuration, without starting a venue.');
  withConfigOptions(command.command('check [file]'))
    .description(
      'Say everything that is wrong with a configuration, and where its market differs from the data directory. Ends with 2 then.',
    )
    .action(check);
  withConfigOptions(command.command('print [file]'))
    .description('Print the configuration that takes effect, and where each value comes from: default, demo, file, environment or option.')
    .option('--json', 'print JSON')
    .action(print);
  command
    .command('schema')
    .description('Print the JSON Schema of a configuration file, for editors.')
    .action(() => console.log(JSON.stringify(fileSchema(), null, 2)));
  return command;
}

function withFile(file: string | undefined, options: ConfigOptions): ConfigOptions {
  if (file !== undefined && options.config !== undefined)
    throw new ConfigError(`two files are given: ${file} and --config ${options.config}`);
  return file === undefined ? options : { ...options, config: file };
}

function check(file: string | undefined, options: ConfigOptions): void {
  const { config } = configured(withFile(file, options));
  const isKnown = compareWithJournal(config, journalOf(config));
  for (const warning of marketWarnings(config)) console.log(`Warning: ${warning}.`);
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  console.log(
    `Nothing is wrong: ${count(config.assets.length, 'asset')}, ${count(config.instruments.length, 'instrument')}, data in ${config.data}${isKnown ? ', which has the same market' : ''}.`,
  );
}

function print(file: string | undefined, options: ConfigOptions & { json?: boolean }): void {
  const { config, origins } = configured(withFile(file, options));
  const values = [...origins].map(([key, from]) => ({ key, value: at(config, key), from }));
  if (options.json) {
    const masked = values.map(({ key, value, from }) => ({ key, value: isSecret(value) ? shown(value) : value, from }));
    console.log(JSON.stringify(masked));
    return;
  }
  printTable(
    ['key', 'value', 'from'],
    values.flatMap(({ key, value, from }) => rows(key, value).map(([name, text]) => [name, text, from])),
  );
}

/** A row an entry of a list: instruments are long. */
function rows(key: string, value: unknown): [string, string][] {
  if (!Array.isArray(value) || value.length === 0) return [[key, shown(value)]];
  return value.flatMap((entry: unknown, i): [string, string][] =>
    typeof entry === 'object' && entry !== null
      ? Object.entries(entry).map(([inner, one]) => [`${key}[${i}].${inner}`, shown(one)])
      : [[`${key}[${i}]`, shown(entry)]],
  );
}

function isSecret(value: unknown): boolean {
  return shown(value).startsWith('(hidden');
}

function at(config: object, key: string): unknown {
  return key.split('.').reduce((value: unknown, part) => (value as Record<string, unknown>)[part], config);
}
