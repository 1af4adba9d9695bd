/** What the tests ask of each client, in its own words: one file of this folder says how. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Where a client trades, and as whom. */
export interface Place {
  /** of the venue, as http */
  url: string;
  key: string;
  /** for HMAC, or an Ed25519 key in PEM: {@link isPrivate} */
  secret: string;
}

export const isPrivate = ({ secret }: Place) => secret.includes('PRIVATE KEY');

export type Side = 'BUY' | 'SELL';
export type Stream = 'trade' | 'depth' | 'kline' | 'ticker';
/** What a client makes of an execution report: its status in upper case. */
export type Report = { orderId: string; status: string };
export type Failure = { isOwnType: boolean; code: number };

/** Reports of an account's orders, as they come. */
export interface Reports {
  readonly seen: Report[];
  close(): unknown;
}

/** Orders that are sent over the WebSocket API. */
export interface Orders {
  limit(side: Side, quantity: number, price: number): Promise<string>;
  status(orderId: string): Promise<string>;
  cancel(orderId: string): Promise<unknown>;
}

/** A client at work on one instrument: {@link SYMBOL}. Statuses are upper case; ids are texts. */
export interface TradingClient extends Orders {
  markets(): Promise<string[]>;
  serverTime(): Promise<number>;
  touch(): Promise<{ bid: number; ask: number }>;
  /** of the latest trades */
  prices(): Promise<number[]>;
  /** of the latest candles */
  volumes(): Promise<number[]>;
  lastPrice(): Promise<number>;
  market(side: Side, quantity: number): Promise<string>;
  /** a STOP_LOSS_LIMIT order to sell */
  stop(quantity: number, price: number, stopPrice: number): Promise<string>;
  cancelAll(): Promise<unknown>;
  openOrders(): Promise<string[]>;
  /** ids of the orders of its trades */
  tradedOrders(): Promise<string[]>;
  free(asset: string): Promise<number>;
  /** OCO orders to sell, if it has them */
  lists?: {
    place(quantity: number, above: number, below: number): Promise<string>;
    open?(): Promise<string[]>;
    cancel(listId: string): Promise<unknown>;
  };
  /** A price that a stream told. */
  watch(stream: Stream): Promise<number>;
  /** by the way that reports take */
  reports: Record<string, () => Promise<Reports>>;
  socket?: Orders;
  /** what it asks for beyond trading */
  more?(): Promise<void>;
  failure(error: any): Failure;
  close(): unknown;
}

/** A client and how it is pointed at a venue. */
export interface ClientKind {
  /** its package */
  package: string;
  /** where one package has two */
  name?: string;
  open(place: Place): Promise<TradingClient> | TradingClient;
}

export const SYMBOL = 'ETHUSDT';

const require = createRequire(import.meta.url);

/** A package without its types: some have none, and those of others are megabytes. */
export function load(name: string): any {
  return require(name);
}

/** The version that is installed. Packages hide their package.json from imports. */
export function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name)!) {
    const file = path.join(folder, name, 'package.json');
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8')).version;
  }
  throw new Error(`${name} is not installed`);
}

/** The first thing that is told, after which the teller is stopped. */
export function first<T>(tell: (take: (value: T) => void) => unknown, stop: (told: any) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    let teller: unknown;
    const take = (value: T) => {
      resolve(value);
      // It may tell before it has said how it is stopped.
      setImmediate(async () => stop(await teller));
    };
    teller = tell(take);
    Promise.resolve(teller).catch(reject);
  });
}

export const toSocket = (url: string) => url.replace(/^http/, 'ws');
