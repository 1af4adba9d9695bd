import fs from 'node:fs';
import os from 'node:os';
import { DEFAULT_LIMITS, type EngineLimits } from '@outcry/engine/engine';
import { DEFAULT_SEGMENT_BYTES, type Durability } from '@outcry/journal/journal-writer';
import { WAIT_STRATEGIES, type WaitStrategy } from '@outcry/memory/waiter';
import type { AssetDefinition, InstrumentDefinition } from './market.ts';

/** How fast a client may be. */
export interface RateLimits {
  /** request weight a minute and address */
  weightPerMinute: number;
  ordersPerTenSeconds: number;
  ordersPerDay: number;
}

/** A state that instruments take at a time of day (UTC): HH:MM or HH:MM:SS. */
export interface ScheduleEntry {
  at: string;
  /** see STATE in @outcry/market/rules */
  state: string;
  /** all instruments when it is not said */
  symbol?: string;
}

/** Fees by what an account traded in the last days. */
export interface FeeTiers {
  /** the quote asset that volume is counted in */
  asset: string;
  days: number;
  /** lowest volume first */
  tiers: { volume: string; makerFeePpm: number; takerFeePpm: number }[];
}

/** What clients may take of each TCP door, before and after they sign in. */
export interface ConnectionSettings {
  /** open at once on a door */
  most: number;
  /** of these, from one address */
  perAddress: number;
  /** of these, not signed in: beyond it the oldest gives way */
  unsigned: number;
  /** milliseconds to sign in, whatever is sent meanwhile */
  loginMs: number;
  /** messages a second and session, beyond which the venue reads more slowly; 0: any number */
  messagesPerSecond: number;
  /** milliseconds after which an HTTP connection that brings nothing ends; a gRPC connection is asked for a sign of life, and ends without one */
  idleMs: number;
}

/** What one WebSocket may do. */
export interface WebSocketSettings {
  /** bytes that may wait for a slow client before it is disconnected */
  bufferBytes: number;
  /** messages a second of a client beyond which the venue reads more slowly; 0: any number */
  messagesPerSecond: number;
  /** milliseconds between the venue's pings, and without a word of the client after which it is disconnected */
  pingMs: number;
  pongMs: number;
}

export interface VenueConfig {
  host: string;
  port: number;
  /** data directory: journal, snapshots, store, accounts */
  data: string;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  limits: EngineLimits;
  durability: Durability;
  segmentBytes: number;
  commandSlots: number;
  eventSlots: number;
  /** how engine and journal wait for commands: spinning answers sooner and takes a core each */
  wait: WaitStrategy;
  /** CPUs to bind threads to, and SCHED_FIFO priority (0: none) */
  engineCpu?: number;
  journalCpu?: number;
  wireCpu?: number;
  realTimePriority: number;
  snapshotCommands: number;
  snapshotMs: number;
  keepSnapshots: number;
  rateLimits: RateLimits;
  /** open orders that one account may have; 0: a quarter of limits.orders */
  ordersPerAccount: number;
  connections: ConnectionSettings;
  /** time of day (UTC, HH:MM) at which FIX and SoupBinTCP sessions end and begin anew */
  sessionRoll: string;
  /** states by time of day */
  schedule: ScheduleEntry[];
  feeTiers?: FeeTiers;
  /** none: balances are not checked, and may go below zero */
  risk: 'checked' | 'none';
  /** milliseconds that a query waits for the store to reach what its key was told */
  readWaitMs: number;
  /** threads that read history, and milliseconds until an answer of theirs, or of a publisher, is too late */
  historyReaders: number;
  historyMs: number;
  /** threads that publish market data, and records that wait for each: a power of two */
  publishers: number;
  publisherSlots: number;
  /** bytes that may wait for one slow WebSocket client before it is disconnected */
  webSocketBufferBytes: number;
  /** messages a second of a WebSocket client; milliseconds between pings, and without a word after which it is disconnected */
  webSockets: Omit<WebSocketSettings, 'bufferBytes'>;
  /** gRPC; port 0: any free one */
  grpc?: { port: number };
  /** FIX 4.4, and 5.0 SP2 over FIXT 1.1; port 0: any free one */
  fix?: { port: number };
  /** OUCH 5.0 over SoupBinTCP; port 0: any free one */
  ouch?: { port: number };
  /** ITCH 5.0 over MoldUDP64: the groups of its lines, the UDP port of re-requests, the TCP port of snapshots; ports 0: any free one */
  itch?: { lines: { group: string; port: number }[]; requestPort: number; glimpsePort: number };
  tls?: { cert: string; key: string };
  /** names that clients may call the venue by, beside its addresses and localhost: without a port */
  hostNames: string[];
  /** origins of pages elsewhere that may trade here: `https://desk.example` */
  origins: string[];
  /** file for balances and best prices in shared memory, which other processes can attach to; undefined: this process's memory */
  sharedStateFile?: string;
  /** the operator's key, which secrets are sealed with; undefined: `operator.key` in the data directory */
  operatorKeyFile?: string;
  /** the store's file; undefined: `store.sqlite` in the data directory */
  storeFile?: string;
  logLevel: string;
}

const MOST_THREADS = 64;

export class ConfigError extends Error {}

export const DEFAULTS: Omit<VenueConfig, 'assets' | 'instruments'> = {
  host: '127.0.0.1',
  port: 8080,
  data: 'data',
  limits: DEFAULT_LIMITS,
  durability: 'fsync',
  segmentBytes: DEFAULT_SEGMENT_BYTES,
  commandSlots: 1 << 16,
  eventSlots: 1 << 17,
  wait: os.availableParallelism() >= 8 ? 'adaptive' : 'park',
  realTimePriority: 0,
  snapshotCommands: 5_000_000,
  snapshotMs: 300_000,
  keepSnapshots: 3,
  rateLimits: { weightPerMinute: 6000, ordersPerTenSeconds: 100, ordersPerDay: 200_000 },
  ordersPerAccount: 0,
  connections: { most: 8192, perAddress: 4096, unsigned: 512, loginMs: 10_000, messagesPerSecond: 50_000, idleMs: 60_000 },
  sessionRoll: '00:00',
  hostNames: [],
  origins: [],
  schedule: [],
  risk: 'checked',
  readWaitMs: 1000,
  historyReaders: 1,
  historyMs: 2000,
  publishers: 1,
  publisherSlots: 1 << 16,
  webSocketBufferBytes: 4 * 1024 * 1024,
  webSockets: { messagesPerSecond: 1000, pingMs: 20_000, pongMs: 60_000 },
  logLevel: 'info',
};

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

/** Reads a JSON configuration file over the defaults. Throws ConfigError for a key that does not exist or has the wrong type. */
export function readConfig(file: string): Partial<VenueConfig> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new ConfigError(`${file}: must be a JSON object`);
  const optional = {
    assets: [],
    instruments: [],
    engineCpu: 0,
    journalCpu: 0,
    wireCpu: 0,
    tls: {},
    sharedStateFile: '',
    storeFile: '',
    operatorKeyFile: '',
    feeTiers: {},
    grpc: {},
    fix: {},
    ouch: {},
    itch: {},
  };
  const known: Record<string, unknown> = { ...DEFAULTS, ...optional };
  for (const [key, value] of Object.entries(parsed)) {
    if (!(key in known)) throw new ConfigError(`${file}: unknown key '${key}'; known: ${Object.keys(known).sort().join(', ')}`);
    const expected = Array.isArray(known[key]) ? 'array' : typeof known[key];
    const actual = Array.isArray(value) ? 'array' : typeof value;
    if (actual !== expected) throw new ConfigError(`${file}: '${key}' must be of type ${expected}, not ${actual}`);
  }
  const config = parsed as Partial<VenueConfig>;
  if (config.wait !== undefined && !WAIT_STRATEGIES.includes(config.wait)) {
    throw new ConfigError(`${file}: 'wait' must be one of ${WAIT_STRATEGIES.join(', ')}, not '${config.wait}'`);
  }
  if (config.risk !== undefined && config.risk !== 'checked' && config.risk !== 'none') {
    throw new ConfigError(`${file}: 'risk' must be checked or none, not '${config.risk}'`);
  }
  for (const name of config.hostNames ?? []) {
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
      throw new ConfigError(`${file}: 'hostNames' are names without a port, not '${name}'`);
  }
  for (const origin of config.origins ?? []) {
    if (typeof origin !== 'string' || URL.parse(origin)?.origin !== origin) {
      throw new ConfigError(`${file}: 'origins' are as browsers send them ('https://desk.example'), not '${origin}'`);
    }
  }
  for (const name of ['publishers', 'historyReaders'] as const) {
    const count = config[name];
    if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MOST_THREADS))
      throw new ConfigError(`${file}: '${name}' must be 1 to ${MOST_THREADS}, not ${count}`);
  }
  return {
    ...config,
    ...(config.limits && { limits: { ...DEFAULTS.limits, ...config.limits } }),
    ...(config.rateLimits && { rateLimits: { ...DEFAULTS.rateLimits, ...config.rateLimits } }),
    ...(config.webSockets && { webSockets: { ...DEFAULTS.webSockets, ...config.webSockets } }),
    ...(config.connections && { connections: { ...DEFAULTS.connections, ...config.connections } }),
  };
}
