#!/usr/bin/env node
/**
 * The process of a test venue, for every language: `node main.js '{"scenario":"whale","seed":7}'`. It prints one line of JSON, and ends when its
 * standard input does, or by a signal. What it stored is gone then.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CLIENTS, type Demo, startDemo } from '@outcry/venue/demo/demo';
import { demoRoutes, MOST_SEED } from '@outcry/venue/demo/routes';
import { checkScenario, EVERYDAY, findScenario, type Scenario } from '@outcry/venue/demo/scenario';
import { ConfigError, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '@outcry/venue/domain/config';
import { resolve, sourceOf } from '@outcry/venue/domain/config-sources';
import { Market } from '@outcry/venue/domain/market';
import { startVenue } from '@outcry/venue/venue';
import pino from 'pino';
import type { FirstLine, TestVenueOptions } from './options.ts';

/** Enough for tests, and little memory. */
const LIMITS = { orders: 50_000, accounts: 1000, assets: 64, instruments: 64 };
const SEGMENT_BYTES = 1 << 22;
const KEYS = ['scenario', 'seed', 'running', 'port', 'assets', 'instruments'];

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-testing-'));
process.on('exit', () => fs.rmSync(data, { recursive: true, force: true }));
try {
  await serve(readOptions(process.argv[2] ?? '{}'));
} catch (error) {
  say({ error: (error as Error).message });
  process.exit(error instanceof ConfigError ? error.exitCode : 1);
}

async function serve(options: TestVenueOptions): Promise<void> {
  const { assets = DEMO_ASSETS, instruments = DEMO_INSTRUMENTS, port = 0, seed = 1 } = options;
  const settings = { assets, instruments, port, data, limits: LIMITS, rateLimits: DEMO_RATE_LIMITS, segmentBytes: SEGMENT_BYTES };
  const config: VenueConfig = resolve([sourceOf('options', { ...settings, durability: 'os' })]).config;
  if (!(Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED))
    throw new ConfigError(`seed: ${seed} is not a whole number from 0 to ${MOST_SEED}`);
  const scenario = scenarioOf(options.scenario ?? EVERYDAY, new Market(assets, instruments));
  const log = pino({ level: 'warn', base: null }, pino.destination({ fd: 2, sync: true }));
  let demo: Demo | undefined;
  const onFatal = (why: string) => {
    log.fatal(why);
    process.exit(1);
  };
  const venue = await startVenue(config, { log, onFatal, extend: demoRoutes(() => demo) });
  demo = await startDemo(venue, { scenario, seed, paused: options.running !== true }, log);
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    await demo?.stop();
    await venue.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
  process.stdin.on('end', () => void end()).resume(); // whoever started it is gone
  process.stdin.on('error', () => void end());
  say({ url: venue.url, accounts: Object.fromEntries(CLIENTS.map((name) => [name, { key: name, secret: `${name}-secret` }])) });
}

/** Throws ConfigError. */
function readOptions(text: string): TestVenueOptions {
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`the options are not JSON: ${(error as Error).message}`);
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new ConfigError('the options must be a JSON object');
  const strange = Object.keys(options).find((key) => !KEYS.includes(key));
  if (strange !== undefined) throw new ConfigError(`${strange}: unknown option; known: ${KEYS.join(', ')}`);
  return options;
}

function scenarioOf(scenario: NonNullable<TestVenueOptions['scenario']>, market: Market): Scenario {
  return typeof scenario === 'string' ? findScenario(scenario, market) : checkScenario('written', scenario, market);
}

function say(line: FirstLine): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`);
}
