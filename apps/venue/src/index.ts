/** An exchange inside a program: see README.md. */
import path from 'node:path';
import pino, { type Logger } from 'pino';
import { createAccount, fundAccount } from './core/administration.ts';
import type { VenueConfig } from './domain/config.ts';
import { resolve, sourceOf } from './domain/config-sources.ts';
import type { AssetDefinition, InstrumentDefinition } from './domain/market.ts';
import type { StoreAddress } from './store/store.ts';
import { startVenue as start } from './venue.ts';

export { ConfigError, DEFAULTS, type VenueConfig } from './domain/config.ts';
export { readConfig } from './domain/config-sources.ts';
export type { AssetDefinition, InstrumentDefinition } from './domain/market.ts';
export type { OpenStoreModule, StoreAddress } from './store/store.ts';

/** What is traded; everything else is as docs/configuration.md says when it is left out. */
export interface VenueSettings extends Partial<VenueConfig> {
  readonly assets: AssetDefinition[];
  readonly instruments: InstrumentDefinition[];
}

export interface VenueOptions {
  /** left out: warnings and worse to standard error */
  readonly log?: Logger;
  /** Called once when the venue cannot go on: its data directory was taken away, or a thread died. Left out: it is logged, and the venue closed. */
  readonly onFatal?: (why: string) => void;
  /** where history is kept; left out: in the SQLite file of the settings. Every thread imports its module. */
  readonly store?: StoreAddress;
}

/** A key of the API, as it is told once. */
export interface ApiKey {
  readonly key: string;
  readonly secret: string;
}

/** A venue that runs in this process, on threads of its own. */
export interface RunningVenue {
  /** of its HTTP door, without a slash at the end: Binance Spot's API, the documentation and the terminal */
  readonly url: string;
  /** ports of the doors that are open, by name */
  readonly ports: Readonly<Record<string, number | string>>;
  /** Opens an account, unless there is one of this name. Returns its first key, undefined: the account was there. */
  openAccount(name: string): Promise<ApiKey | undefined>;
  /** Deposits a decimal amount. Acknowledged when it is durable; with a reference it happens once, however often it is asked for. */
  deposit(account: string, asset: string, amount: string, reference?: string): Promise<void>;
  /** Takes no more requests, finishes what was taken, writes a snapshot, and ends its threads. */
  close(): Promise<void>;
}

/**
 * Starts a venue on its data directory, and recovers what is there. Rejects with a {@link ConfigError}, or when the journal is damaged,
 * the directory is another venue's, or a port is taken.
 */
export async function startVenue(settings: VenueSettings, options: VenueOptions = {}): Promise<RunningVenue> {
  const checked = resolve([sourceOf('settings', settings)]).config;
  const log = options.log ?? pino({ level: settings.logLevel ?? 'warn', base: null }, pino.destination({ fd: 2, sync: true }));
  const config: VenueConfig = { ...checked, data: path.resolve(checked.data) };
  const venue = await start(config, { log, store: options.store, onFatal: (why) => (options.onFatal ?? end)(why) });
  const end = (why: string) => {
    log.fatal(why);
    void venue.close();
  };
  const { services } = venue;
  return {
    url: venue.url,
    ports: services.ports,
    close: () => venue.close(),
    openAccount: async (name) => {
      if (services.accounts.find(name) !== undefined) return undefined;
      const { key, secret } = await createAccount(services, name);
      return { key, secret: secret! };
    },
    deposit: async (account, asset, amount, reference) => void (await fundAccount(services, account, asset, amount, reference)),
  };
}
