/**
 * What a venue's configuration may say: keys, types, bounds, defaults and what they mean. The one place for it: the check of the file, the
 * environment and the command line, the TypeScript types, and the JSON Schema that editors complete by come from here.
 */
import { DEFAULT_LIMITS } from '@outcry/engine/limits';
import { DEFAULT_SEGMENT_BYTES, type Durability } from '@outcry/journal/journal-writer';
import { MAX_ORDERS } from '@outcry/market/command';
import { WHOLE } from '@outcry/market/rules';
import { TRADING_STATE } from '@outcry/market/states';
import { WAIT_STRATEGIES, type WaitStrategy } from '@outcry/memory/waiter';
import { type Static, Type } from 'typebox';
import { fileName, list, object, oneOf, powerOfTwo, type Schema, text, whole } from './schema.ts';

/** A timer takes no more milliseconds. */
const MOST_MS = 0x7fffffff;
const MOST_COUNT = 0x7fffffff;
const MOST_THREADS = 64;
const MOST_SLOTS = 1 << 24;
const MOST_TIERS = 15;
const KIB = 1024;

const decimal = (description: string) =>
  text('^\\d{1,20}(\\.\\d{1,20})?$', 'a decimal number in quotes, without sign and exponent: "0.01"', description);
const port = (description: string, value?: number) => whole(0, 65_535, `${description}; 0: any free one`, value);
const fee = (least: number, description: string) => whole(least, WHOLE, `${description}, parts per million of the traded amount`);
const TIME = '([01]\\d|2[0-3]):[0-5]\\d';
const ASSET_NAME = '^[A-Z0-9]{1,12}$';
const SYMBOL = '^[A-Z0-9]{1,20}$';
const assetName = (description: string) => text(ASSET_NAME, '1 to 12 of A-Z and 0-9', description);
const symbol = (description: string) => text(SYMBOL, '1 to 20 of A-Z and 0-9', description);

const ASSET = object({ name: assetName('its name'), scale: whole(0, 8, 'decimal places of one unit') }, 'an asset');

const INSTRUMENT = object(
  {
    symbol: symbol('its name'),
    base: assetName('the asset that is traded'),
    quote: assetName('the asset that it is paid with'),
    tick: decimal('the step of prices'),
    lot: decimal('the step of quantities'),
    minNotional: decimal('the least that an order is worth, of the quote asset'),
    makerFeePpm: fee(0, 'fee of the order that rested'),
    takerFeePpm: fee(0, 'fee of the order that came'),
    referencePrice: decimal('what prices are measured against before there are trades'),
    maxQuantity: Type.Optional(decimal('the most of one order; left out: 2^31 - 1 lots')),
    maxNotional: Type.Optional(decimal('the most that an order is worth; left out: no limit')),
    icebergParts: Type.Optional(whole(1, 100, 'in how many parts an iceberg may show itself; left out: 10')),
    percentPrice: Type.Optional(
      object(
        {
          bidUp: decimal('the highest bid'),
          bidDown: decimal('the lowest bid'),
          askUp: decimal('the highest ask'),
          askDown: decimal('the lowest ask'),
        },
        'how far from the average price of the last 5 minutes an order may be: factors, by side; left out: 5 and 0.2',
      ),
    ),
  },
  'an instrument',
);

const LIMITS = object(
  {
    orders: whole(1, MAX_ORDERS, 'open orders', DEFAULT_LIMITS.orders),
    accounts: whole(1, MOST_SLOTS, 'accounts', DEFAULT_LIMITS.accounts),
    assets: whole(1, 0xffff, 'assets', DEFAULT_LIMITS.assets),
    instruments: whole(1, 0xffff, 'instruments', DEFAULT_LIMITS.instruments),
  },
  'how many of each there may be: reserved at the start, and journaled',
  { default: {} },
);

const RATE_LIMITS = object(
  {
    weightPerMinute: whole(1, MOST_COUNT, 'request weight a minute and address', 6000),
    ordersPerTenSeconds: whole(1, MOST_COUNT, 'orders in 10 seconds and account', 100),
    ordersPerDay: whole(1, MOST_COUNT, 'orders in a day and account', 200_000),
  },
  'how fast a client may be',
  { default: {} },
);

const CONNECTIONS = object(
  {
    most: whole(1, MOST_COUNT, 'open at once on a door', 8192),
    perAddress: whole(1, MOST_COUNT, 'of these, from one address', 4096),
    unsigned: whole(1, MOST_COUNT, 'of these, not signed in: beyond it the oldest gives way', 512),
    loginMs: whole(1, MOST_MS, 'milliseconds to sign in, whatever is sent meanwhile', 10_000),
    messagesPerSecond: whole(
      0,
      MOST_COUNT,
      'messages a second and session beyond which the venue reads more slowly; 0: any number',
      50_000,
    ),
    idleMs: whole(1, MOST_MS, 'milliseconds after which an HTTP connection that brings nothing ends, and a gRPC client is asked', 60_000),
  },
  'what clients may take of each TCP door, before and after they sign in',
  { default: {} },
);

const WEB_SOCKETS = object(
  {
    messagesPerSecond: whole(0, MOST_COUNT, 'messages a second of a client beyond which the venue reads more slowly; 0: any number', 1000),
    pingMs: whole(1, MOST_MS, "milliseconds between the venue's pings", 20_000),
    pongMs: whole(1, MOST_MS, 'milliseconds without a word of the client after which it is disconnected', 60_000),
  },
  'what one WebSocket may do',
  { default: {} },
);

const SCHEDULE_ENTRY = object(
  {
    at: text(`^${TIME}(:[0-5]\\d)?$`, 'a time of day, HH:MM or HH:MM:SS (UTC)', 'time of day (UTC)'),
    state: oneOf(Object.keys(TRADING_STATE), 'the state that they take'),
    symbol: Type.Optional(symbol('its instrument; left out: all of them')),
  },
  'a state that instruments take at a time of day',
);

const FEE_TIERS = object(
  {
    asset: assetName('the quote asset that volume is counted in'),
    days: whole(1, 3650, 'days that count'),
    tiers: list(
      object(
        {
          volume: decimal('the least volume of the tier'),
          makerFeePpm: fee(-WHOLE, 'maker fee (below zero: a rebate)'),
          takerFeePpm: fee(0, 'taker fee'),
        },
        'a tier',
      ),
      'lowest volume first',
      { minItems: 1, maxItems: MOST_TIERS },
    ),
  },
  'fees by what an account traded in the last days',
);

const ITCH = object(
  {
    lines: list(
      object(
        {
          group: text('^(22[4-9]|23\\d)(\\.(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])){3}$', 'an IPv4 multicast group', 'multicast group'),
          port: whole(1, 65_535, 'its UDP port'),
        },
        'a line',
      ),
      'its lines: each carries all',
      { minItems: 1, maxItems: 16 },
    ),
    requestPort: port('UDP port of re-requests'),
    glimpsePort: port('TCP port of snapshots'),
  },
  'ITCH 5.0 over MoldUDP64',
);

const doorAt = (description: string) => Type.Optional(object({ port: port('TCP port') }, description));
const cpu = (whose: string) => Type.Optional(whole(0, 1023, `CPU to bind the ${whose} thread to`));

/** All of a venue's settings. What has a `default` may be left out. */
export const VENUE = object(
  {
    host: text('^[^\\s/]+$', 'a name or an address, without a port', 'address to listen on', '127.0.0.1'),
    port: port('TCP port of the HTTP door', 8080),
    data: fileName('data directory: journal, snapshots, store, accounts', 'data'),
    assets: list(ASSET, 'what is paid with and traded', { default: [] }),
    instruments: list(INSTRUMENT, 'what can be traded for what', { default: [] }),
    limits: LIMITS,
    durability: oneOf<Durability>(['fsync', 'os'], 'when a command counts: on the disk, or handed to the system', 'fsync'),
    segmentBytes: whole(16 * KIB, 4 * KIB ** 3, 'bytes of a journal segment', DEFAULT_SEGMENT_BYTES),
    commandSlots: powerOfTwo(16, MOST_SLOTS, "slots of the commands' ring", 1 << 16),
    eventSlots: powerOfTwo(16, MOST_SLOTS, "slots of the events' ring", 1 << 17),
    wait: oneOf<WaitStrategy>(WAIT_STRATEGIES, 'how engine and journal wait for commands: spinning answers sooner and takes a core each'),
    engineCpu: cpu('engine'),
    journalCpu: cpu('journal'),
    wireCpu: cpu('wire'),
    realTimePriority: whole(0, 99, 'SCHED_FIFO priority of engine, journal and wire thread; 0: none', 0),
    snapshotCommands: whole(1, Number.MAX_SAFE_INTEGER, 'commands after which a snapshot is taken', 5_000_000),
    snapshotMs: whole(1, MOST_MS, 'milliseconds after which a snapshot is taken', 300_000),
    keepSnapshots: whole(1, 1_000_000, 'snapshots that are kept', 3),
    rateLimits: RATE_LIMITS,
    ordersPerAccount: whole(0, MAX_ORDERS, 'open orders that one account may have; 0: a quarter of limits.orders', 0),
    connections: CONNECTIONS,
    sessionRoll: text(
      `^${TIME}$`,
      'a time of day, HH:MM (UTC)',
      'time of day (UTC) at which FIX and SoupBinTCP sessions begin anew',
      '00:00',
    ),
    schedule: list(SCHEDULE_ENTRY, 'states by time of day', { default: [] }),
    feeTiers: Type.Optional(FEE_TIERS),
    risk: oneOf(['checked', 'none'], 'none: balances are not checked, and may go below zero', 'checked'),
    readWaitMs: whole(
      0,
      MOST_MS,
      'milliseconds that history waits for the store to reach the last command that changed the account, and what was recovered at the start; then -1007',
      1000,
    ),
    historyReaders: whole(1, MOST_THREADS, 'threads that read history', 1),
    historyMs: whole(1, MOST_MS, 'milliseconds until an answer of history or of a publisher is too late', 2000),
    publishers: whole(1, MOST_THREADS, 'threads that publish market data', 1),
    publisherSlots: powerOfTwo(8, MOST_SLOTS, 'records that wait for each publisher', 1 << 16),
    webSocketBufferBytes: whole(1, MOST_COUNT, 'bytes that one client may leave unread before it is disconnected', 4 * KIB ** 2),
    webSockets: WEB_SOCKETS,
    grpc: doorAt('gRPC on a port of its own'),
    fix: doorAt('FIX 4.4, and 5.0 SP2 over FIXT 1.1'),
    ouch: doorAt('OUCH 5.0 over SoupBinTCP'),
    itch: Type.Optional(ITCH),
    tls: Type.Optional(
      object(
        { cert: fileName('file of the certificate and its chain, PEM'), key: fileName('file of its private key, PEM') },
        'https and wss',
      ),
    ),
    hostNames: list(
      text('^[\\w.-]+$', 'a name without a port', 'a name'),
      'names that clients may call the venue by, beside its addresses and localhost',
      { default: [] },
    ),
    origins: list(
      text('^https?://[^/?#@\\s]+$', "an origin as browsers send it: 'https://desk.example'", 'an origin'),
      'origins of pages elsewhere that may trade here',
      { default: [] },
    ),
    sharedStateFile: Type.Optional(fileName('file for balances and best prices in shared memory, which other processes can attach to')),
    operatorKeyFile: Type.Optional(
      fileName("the file of the operator's key, which secrets are sealed with; left out: operator.key in the data directory"),
    ),
    storeFile: Type.Optional(fileName("the store's file; left out: store.sqlite in the data directory")),
    logLevel: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'what is logged', 'info'),
  },
  "an Outcry venue's configuration",
);

export interface VenueConfig extends Static<typeof VENUE> {}
export interface AssetDefinition extends Static<typeof ASSET> {}
/** An instrument as the operator writes it: decimals as strings. */
export interface InstrumentDefinition extends Static<typeof INSTRUMENT> {}
export type RateLimits = Static<typeof RATE_LIMITS>;
export type ConnectionSettings = Static<typeof CONNECTIONS>;
export type ScheduleEntry = Static<typeof SCHEDULE_ENTRY>;
export type FeeTiers = Static<typeof FEE_TIERS>;
/** What one WebSocket may do, and the bytes that may wait for a slow client before it is disconnected. */
export type WebSocketSettings = Static<typeof WEB_SOCKETS> & { bufferBytes: number };

export const VENUE_SCHEMA = VENUE as unknown as Schema;

/** The JSON Schema of a configuration file, which may leave out what has a default, and say where its schema is. */
export function fileSchema(): object {
  const { properties, required: _, ...head } = VENUE_SCHEMA;
  const inner = Object.entries(properties!).map(([key, schema]) => {
    const { required, ...rest } = schema;
    return [key, required === undefined || schema.default !== undefined ? rest : schema];
  });
  const $schema = { type: 'string', description: "this schema's address, for editors" };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Outcry venue',
    ...head,
    properties: { $schema, ...Object.fromEntries(inner) },
  };
}
