/** Makes what the venue's parts and doors share. */
import path from 'node:path';
import { createLevelPool } from '@outcry/book/level-sums';
import type { Stored } from '@outcry/replica/evidence';
import type { Logger } from 'pino';
import type { Foundation } from './core/accounts/foundation.ts';
import { RateLimiter } from './core/fairness/rate-limits.ts';
import { Slices } from './core/fairness/slices.ts';
import { AVERAGE_MINUTES, MarketState } from './core/feeds/market-state.ts';
import { MemoryMonitor } from './core/memory.ts';
import { Admission, admissionOf } from './core/orders/admission.ts';
import { OrderFilters } from './core/orders/filters.ts';
import { Gateway } from './core/orders/gateway.ts';
import { OpenOrders } from './core/orders/open-orders.ts';
import { Sessions } from './core/orders/sessions.ts';
import { SharedState } from './core/orders/shared-state.ts';
import { RulesInForce } from './core/rules-in-force.ts';
import type { Services } from './core/services.ts';
import { StoredReads } from './core/stored-reads.ts';
import type { VenueConfig } from './domain/config.ts';
import type { Market } from './domain/market.ts';
import { canGiveUpSockets } from './doors/binance/hand-over.ts';
import { ListenKeys } from './doors/binance/listen-keys.ts';
import type { BinanceServices } from './doors/binance/operation.ts';
import { Publishers } from './doors/binance/publishers.ts';
import { UserStreams } from './doors/binance/user-streams.ts';
import type { Parts } from './parts.ts';
import type { Crew } from './spine/crew.ts';
import { HistoryReaders } from './store/history-readers.ts';
import { type Store, type StoreAddress, sqliteAt } from './store/store.ts';
import { StoreWatch } from './store/store-watch.ts';

/** What long answers take of a turn of the event loop: orders beside it hardly wait. */
const LISTING_MS = 0.5;

/** Creates what parts and doors share, and starts the lanes beside the order lane: publishers and readers of history. */
export async function createServices(
  config: VenueConfig,
  market: Market,
  foundation: Foundation,
  crew: Crew,
  address: StoreAddress,
  parts: Parts,
  log: Logger,
): Promise<BinanceServices> {
  const unitOf = (instrument: number) => market.instruments[instrument].unit;
  const { room } = crew.recovery; // slots and numbers may come from a time with wider limits
  const state = new SharedState({
    accounts: room.accounts,
    assets: market.assets.length,
    instruments: market.instruments.length,
    file: config.sharedStateFile,
  });
  const levels = createLevelPool(room.orders); // a level has at least one order
  const gateway = new Gateway(crew.shared, unitOf, state, new OpenOrders(room.orders, room.accounts));
  const admission = new Admission(crew.shared, crew.pools, admissionOf(config));
  const memory = new MemoryMonitor(config.data, crew.shared, crew.pools, gateway, state, config.limits.orders, log);
  admission.onShort = () => memory.publish();
  gateway.admission = admission;
  const feeds = market.instruments.map((instrument) => new MarketState(instrument, levels));
  const now = () => Math.floor(crew.shared.clock.now() / 1000);
  const averages = { averagePrice: (instrument: number) => feeds[instrument].averagePrice(now()) };
  const userStreams = new UserStreams(market, gateway.view, crew.shared.clock.now());
  const store = { store: address, assets: config.assets, instruments: config.instruments };
  const { historyMs: deadlineMs, webSockets, webSocketBufferBytes: bufferBytes } = config;
  const storeWatch = new StoreWatch(crew.shared.stored);
  await storeReached(crew, storeWatch, config.readWaitMs, log);
  const publishers = await Publishers.start(
    {
      ...store,
      rules: crew.pools.rules,
      count: config.publishers,
      slots: config.publisherSlots,
      levels: room.orders,
      deadlineMs,
      mustPipe: config.tls !== undefined || !canGiveUpSockets(),
      webSockets: { ...webSockets, bufferBytes },
      rateLimits: config.rateLimits,
      log,
    },
    feeds,
    new ListenKeys(userStreams),
  );
  parts.add(publishers);
  const history = new HistoryReaders({ ...store, readers: config.historyReaders, deadlineMs, log });
  parts.add(history);
  return {
    config,
    market,
    registry: foundation.registry,
    accounts: foundation.accounts,
    adminToken: foundation.adminToken,
    gateway,
    state,
    memory,
    feeds,
    filters: new OrderFilters(market.instruments, averages),
    rules: new RulesInForce(crew.pools.rules),
    publishers,
    history,
    reads: new StoredReads(crew.shared, storeWatch, history, (account) => gateway.view.lastCommand(account), config.readWaitMs),
    storeWatch,
    shared: crew.shared,
    limiter: new RateLimiter(config.rateLimits),
    slices: new Slices(LISTING_MS),
    userStreams,
    sessions: new Sessions((fields) => gateway.submit(fields)),
    ports: {},
    openCounts: {},
    latencies: {},
    reports: { publishers: () => publishers.status(), history: () => history.status() },
    log,
    now,
  };
}

/** Waits for a bounded time until the store has what was recovered: charts and average prices are loaded from it. */
async function storeReached({ shared, recovery }: Crew, watch: StoreWatch, mostMs: number, log: Logger): Promise<void> {
  if (await watch.reached(recovery.sequence, mostMs)) return;
  const missing = recovery.sequence - shared.stored.known;
  log.warn(
    `history is still ${missing} commands behind the journal: nothing is lost, and it catches up by itself; ` +
      'until the next start, candles and average prices may lack the trades of these commands',
  );
}

/** Where the store is that a configuration names; its file may lie outside the data directory. */
export function storeOf(config: VenueConfig): StoreAddress {
  return sqliteAt(config.storeFile ?? path.join(config.data, 'store.sqlite'));
}

/** What the store knows, to compare the journal with: undefined where it says nothing. */
export async function findStored(store: Store, log: Logger): Promise<Stored | undefined> {
  try {
    return await store.stored();
  } catch (error) {
    log.warn(`the store cannot be read, and so not be compared with the journal: ${(error as Error).message}`);
    return undefined;
  }
}

/** Fills average prices and last trades with what the store has of the time before. */
export async function loadMarkets({ feeds, history, log }: Services): Promise<void> {
  try {
    for (const feed of feeds) {
      const { number } = feed.instrument;
      feed.loadMinutes(await history.minutes(number, AVERAGE_MINUTES));
      feed.loadLast(await history.lastTrade(number));
    }
  } catch (error) {
    log.warn(`no average prices from the store: ${(error as Error).message}`);
  }
}

export function journalOf(config: VenueConfig): string {
  return path.join(config.data, 'journal');
}
