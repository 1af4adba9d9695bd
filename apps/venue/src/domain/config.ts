/** A venue's configuration where nobody says otherwise, and what the demo trades. What may be said: config-schema.ts. */
import os from 'node:os';
import { type AssetDefinition, type InstrumentDefinition, type RateLimits, VENUE_SCHEMA, type VenueConfig } from './config-schema.ts';
import type { Schema } from './schema.ts';

export type {
  AssetDefinition,
  ConnectionSettings,
  FeeTiers,
  InstrumentDefinition,
  RateLimits,
  ScheduleEntry,
  VenueConfig,
  WebSocketSettings,
} from './config-schema.ts';

/** What is wrong with a configuration: all of it, a line each. */
export class ConfigError extends Error {
  /** of the process that it ends: what was asked for is wrong, nothing was tried */
  readonly exitCode = 2;

  /** @param of what is wrong */
  constructor(problems: string | readonly string[], of = 'configuration') {
    const lines = typeof problems === 'string' ? [problems] : problems;
    super(lines.length === 1 ? lines[0] : `the ${of} has ${lines.length} errors:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}

function defaultsOf(schema: Schema): unknown {
  if (schema.properties === undefined || schema.default === undefined) return structuredClone(schema.default);
  return defaultsIn(schema.properties);
}

function defaultsIn(properties: Record<string, Schema>): object {
  const all = Object.entries(properties).map(([key, schema]) => [key, defaultsOf(schema)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

const wait = os.availableParallelism() >= 8 ? 'adaptive' : 'park';

export const DEFAULTS = { ...defaultsIn(VENUE_SCHEMA.properties!), wait } as VenueConfig;

export const DEMO_ASSETS: AssetDefinition[] = [
  { name: 'USDT', scale: 8 },
  { name: 'BTC', scale: 8 },
  { name: 'ETH', scale: 8 },
];

export const DEMO_INSTRUMENTS: InstrumentDefinition[] = [
  {
    symbol: 'BTCUSDT',
    base: 'BTC',
    quote: 'USDT',
    tick: '0.01',
    lot: '0.00001',
    minNotional: '5',
    makerFeePpm: 1000,
    takerFeePpm: 1000,
    referencePrice: '60000',
    maxQuantity: '9000',
  },
  {
    symbol: 'ETHUSDT',
    base: 'ETH',
    quote: 'USDT',
    tick: '0.01',
    lot: '0.0001',
    minNotional: '5',
    makerFeePpm: 1000,
    takerFeePpm: 1000,
    referencePrice: '3000',
    maxQuantity: '9000',
  },
];

export const DEMO_RATE_LIMITS: RateLimits = { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 };
