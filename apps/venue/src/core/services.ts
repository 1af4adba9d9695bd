import type { Histogram } from '@outcry/telemetry/histogram';
import type { Logger } from 'pino';
import type { VenueConfig } from '../domain/config.ts';
import type { Market } from '../domain/market.ts';
import type { Shared } from '../spine/shared.ts';
import type { HistoryReader } from '../store/history-reader.ts';
import type { StoreWatch } from '../store/store-watch.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { AdminToken } from './accounts/admin-token.ts';
import type { Registry } from './accounts/registry.ts';
import type { RateLimiter } from './fairness/rate-limits.ts';
import type { Slices } from './fairness/slices.ts';
import type { MarketState } from './feeds/market-state.ts';
import type { MemoryMonitor } from './memory.ts';
import type { OrderFilters } from './orders/filters.ts';
import type { Gateway } from './orders/gateway.ts';
import type { Sessions } from './orders/sessions.ts';
import type { SharedState } from './orders/shared-state.ts';
import type { RulesInForce } from './rules-in-force.ts';
import type { StoredReads } from './stored-reads.ts';

/** What the venue's parts and doors share: one of each venue. */
export interface Services {
  config: VenueConfig;
  market: Market;
  registry: Registry;
  accounts: Accounts;
  adminToken: AdminToken;
  gateway: Gateway;
  state: SharedState;
  memory: MemoryMonitor;
  /** what the order lane knows of each instrument's market */
  feeds: readonly MarketState[];
  /** what every door of the order lane asks before it sends an order */
  filters: OrderFilters;
  rules: RulesInForce;
  history: HistoryReader;
  reads: StoredReads;
  /** for all that wait for the store to have a command */
  storeWatch: StoreWatch;
  shared: Shared;
  limiter: RateLimiter;
  /** of long answers that the order lane makes */
  slices: Slices;
  sessions: Sessions;
  /** TCP ports (and multicast groups) of the gateways beside REST, by protocol */
  ports: Record<string, number | string>;
  /** how many are open now: connections, calls, streams, by their names */
  openCounts: Record<string, () => number>;
  /** nanoseconds, by what they measure */
  latencies: Record<string, Histogram>;
  /** what parts say of themselves when the status is asked for, by their names */
  reports: Record<string, () => unknown>;
  log: Logger;
  now(): number;
}
