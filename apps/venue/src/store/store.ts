/** The seam between the venue and the database that keeps its history: everything about it is asynchronous. */
import type { Stored } from '@outcry/replica/evidence';
import type { FollowerStore } from '@outcry/replica/follower-store';
import type { Candle } from '../domain/candle.ts';
import type { AggregateTrade, Order, PreventedMatch } from '../domain/orders.ts';
import type { Range, StoredAmendment, StoredList, StoredTrade, VolumePage } from './stored-rows.ts';

/** A store cannot be read or written for now: it is locked, full, broken, or out of reach. */
export class StoreUnavailable extends Error {}

/** Where a store is, as plain data: each thread opens it for itself. */
export interface StoreAddress {
  /** address of the module that opens it, by an export `openStore`: see {@link OpenStoreModule} */
  readonly module: string;
  /** what the module needs: the path of a file, say */
  readonly at: string;
}

/** What a module of a store exports. */
export interface OpenStoreModule {
  openStore(at: string): Promise<Store>;
}

/** A database of orders, lists, trades, prevented matches, amendments, balances and candles, which the follower writes and other threads read. */
export interface Store {
  /** what notices call it */
  readonly name: string;
  /** files of it on this machine, which none but the venue's user may read */
  readonly files: readonly string[];
  /** What it says of itself; undefined: it is not there, or empty. */
  stored(): Promise<Stored | undefined>;
  /** Puts all of it aside, so that another is built from the journal. Resolves with where it is kept. */
  setAside(): Promise<string>;
  /** Opens it for the follower, and makes it where there is none. Rejects where it is another journal's. */
  writer(options: StoreWriterOptions): Promise<FollowerStore>;
  /** @param check called while a question is worked on, at the latest every few rows; what it throws ends the question */
  reader(check?: () => void): Promise<StoreReader>;
}

export interface StoreWriterOptions {
  /** the journal's number */
  readonly journal: number;
  /** most orders open at once */
  readonly orders: number;
  /** quote units a tick and lot, by instrument */
  readonly unitOf: (instrument: number) => number;
}

/**
 * Reads what the follower has written; rows are oldest first. No question's cost may grow with a table. Each method rejects with
 * {@link StoreUnavailable}, and with what the reader's check throws. A store that comes back, or is built anew, is found by the next question.
 */
export interface StoreReader {
  order(account: number, id: number): Promise<Order | undefined>;
  /** The latest that an account entered under a client's id. */
  orderByClientId(account: number, instrument: number, clientId: string): Promise<Order | undefined>;
  /** An account's orders: from an id on, or within a time range, else the latest. */
  orders(account: number, instrument: number, range: Range): Promise<Order[]>;
  ordersOfList(id: number): Promise<Order[]>;
  list(account: number, id: number): Promise<StoredList | undefined>;
  listByClientId(account: number, clientId: string): Promise<StoredList | undefined>;
  /** An account's lists: from a number on, or within a time range, else the latest. */
  lists(account: number, range: Range): Promise<StoredList[]>;
  trades(instrument: number, range: Range): Promise<StoredTrade[]>;
  /** Trades of one order at one price, put together. */
  aggregates(instrument: number, range: Range): Promise<AggregateTrade[]>;
  /** An account's trades. @param orderId only those of this order */
  tradesOf(account: number, instrument: number, range: Range, orderId?: number): Promise<StoredTrade[]>;
  /** An instrument's prevented match, if an account has an order in it. */
  preventedMatch(account: number, instrument: number, id: number): Promise<PreventedMatch | undefined>;
  /** Prevented matches of an account's order, from a number on. */
  preventedMatches(account: number, instrument: number, order: number, from: number, limit: number): Promise<PreventedMatch[]>;
  /** Amendments of an order, from the command of a number on. */
  amendments(order: number, from: number, limit: number): Promise<StoredAmendment[]>;
  /** The number of an instrument's first trade at or after a time (microseconds). */
  tradeAt(instrument: number, time: number): Promise<number>;
  candles(instrument: number, seconds: number, range: Range): Promise<Candle[]>;
  /** Lets several questions read it as it is at one moment, whatever is written meanwhile. One at a time. */
  atOnce<T>(read: () => Promise<T>): Promise<T>;
  /**
   * What each account traded on an instrument in a page of its trades, in quote units; a trade with itself counts twice.
   * @param after the trade before the first @param untilTime trades from this time on (microseconds) are not in it
   */
  volumePage(instrument: number, after: number, untilTime: number, rows: number): Promise<VolumePage>;
  close(): Promise<void>;
}

/** Opens a store, in any thread. */
export async function openStore({ module, at }: StoreAddress): Promise<Store> {
  const opener: OpenStoreModule = await import(module);
  return await opener.openStore(at);
}

/** The store that comes with the venue: an SQLite database in a file. */
export function sqliteAt(file: string): StoreAddress {
  return { module: new URL('./sqlite/sqlite-store.ts', import.meta.url).href, at: file };
}
