/** Market data at the FIX door: subscriptions and the list of instruments. */
import { type FixField, type FixMessage, fixTime, MSG, TAG } from '@outcry/wire/fix';
import { Slices, Turns } from '../../core/fairness/slices.ts';
import type { MarketListener } from '../../core/orders/listeners.ts';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import type { Trade } from '../../domain/orders.ts';
import type { FixClient } from './fix-client.ts';
import { InstrumentFeed } from './instrument-feed.ts';
import { Subscription } from './market-subscription.ts';
import { need } from './order-reader.ts';

const BID = '0';
const OFFER = '1';
const TRADES = '2';
const ENTRY_TYPES = [BID, OFFER, TRADES];
const SNAPSHOT = '0';
const UNSUBSCRIBE = '2';
/** MDUpdateType: "full refresh". */
const FULL_REFRESH = '0';
const ALL_SYMBOLS = '4';
const INVALID_REQUEST = 1;
const CONFLATE_MS = 100;
/** What market data for FIX clients takes of a turn of the event loop. */
const TURN_MS = 1;
const FEWEST_SLICES = 4;
/** A symbol in a request counts as one. */
const MOST_SUBSCRIPTIONS = 200;
/** MarketDepth: the highest besides 0, all. */
const MOST_LEVELS = 1000;

/** MarketDataRequest: snapshots, and changes since at most every 100 ms; trades at once. SecurityListRequest. */
export class FixMarketData {
  readonly #services: Services;
  readonly #feeds = new Map<number, InstrumentFeed<Subscription>>();
  /** by client and MDReqID */
  readonly #clients = new Map<FixClient, Map<string, Subscription[]>>();
  readonly #turns = new Turns<Subscription>(new Slices(TURN_MS, FEWEST_SLICES), (subscription) => this.#step(subscription));
  readonly #timer: NodeJS.Timeout;
  #securities: Record<string, FixField[]> = {};

  constructor(services: Services) {
    this.#services = services;
    this.#timer = setInterval(() => this.#tick(), CONFLATE_MS);
  }

  readonly listener: Partial<MarketListener> = { onTrade: (trade) => this.#noteTrade(trade) };

  close(): void {
    clearInterval(this.#timer);
  }

  gone(client: FixClient): void {
    for (const subscriptions of this.#clients.get(client)?.values() ?? []) for (const one of subscriptions) this.#end(one);
    this.#clients.delete(client);
  }

  /** A client's line, which was wanted, has nothing waiting any more. */
  clear(client: FixClient): void {
    for (const subscriptions of this.#clients.get(client)?.values() ?? []) for (const one of subscriptions) this.#turns.add(one);
  }

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  request(client: FixClient, message: FixMessage): void {
    const id = need(message, TAG.MD_REQ_ID);
    const kind = need(message, TAG.SUBSCRIPTION_REQUEST_TYPE);
    if (kind === UNSUBSCRIBE) {
      for (const one of this.#clients.get(client)?.get(id) ?? []) this.#end(one);
      this.#clients.get(client)?.delete(id);
      return;
    }
    const symbols = [...new Set(message.all(TAG.SYMBOL))];
    const types = new Set(message.all(TAG.MD_ENTRY_TYPE));
    const depth = Number(need(message, TAG.MARKET_DEPTH));
    const reason = this.#problemWith(client, message, id, symbols, types, depth);
    if (reason !== '') {
      client.session.send(MSG.MARKET_DATA_REQUEST_REJECT, [
        [TAG.MD_REQ_ID, id],
        [TAG.MD_REQ_REJ_REASON, reason],
      ]);
      return;
    }
    const wanted = { bids: types.has(BID), offers: types.has(OFFER), trades: types.has(TRADES), depth, isOnce: kind === SNAPSHOT };
    const subscriptions = symbols.map((symbol) => new Subscription(id, client, this.#feed(this.#services.market.find(symbol)!), wanted));
    const all = this.#clients.get(client) ?? new Map<string, Subscription[]>();
    this.#clients.set(client, all.set(id, subscriptions));
    for (const one of subscriptions) {
      one.feed.subscriptions.add(one);
      this.#turns.add(one);
    }
  }

  /** MDReqRejReason, empty: there is no problem. */
  #problemWith(client: FixClient, message: FixMessage, id: string, symbols: string[], types: Set<string>, depth: number): string {
    const mine = this.#clients.get(client);
    let count = 0;
    for (const subscriptions of mine?.values() ?? []) count += subscriptions.length;
    if (mine?.has(id)) return '1';
    if (symbols.length === 0 || symbols.some((symbol) => this.#services.market.find(symbol) === undefined)) return '0';
    if (types.size === 0 || ![...types].every((type) => ENTRY_TYPES.includes(type))) return '8';
    if (!/^\d{1,9}$/.test(message.get(TAG.MARKET_DEPTH)!) || depth > MOST_LEVELS) return '5';
    if (message.get(TAG.MD_UPDATE_TYPE) === FULL_REFRESH && message.get(TAG.SUBSCRIPTION_REQUEST_TYPE) !== SNAPSHOT) return '6';
    if (message.get(TAG.AGGREGATED_BOOK) === 'N') return '7';
    return count + symbols.length > MOST_SUBSCRIPTIONS ? '2' : '';
  }

  securityList(client: FixClient, message: FixMessage): void {
    const isKnown = (message.get(TAG.SECURITY_LIST_REQUEST_TYPE) ?? ALL_SYMBOLS) === ALL_SYMBOLS;
    const { instruments } = this.#services.market;
    client.session.send(MSG.SECURITY_LIST, [
      [TAG.SECURITY_REQ_ID, need(message, TAG.SECURITY_REQ_ID)],
      [TAG.SECURITY_RESPONSE_ID, `L${this.#services.now()}`],
      [TAG.SECURITY_REQUEST_RESULT, isKnown ? 0 : INVALID_REQUEST],
      ...(isKnown ? this.#listed(instruments, client.session.isFixt) : []),
    ]);
  }

  #listed(instruments: readonly Instrument[], isFixt: boolean): FixField[] {
    const version = String(isFixt);
    this.#securities[version] ??= [
      [TAG.TOT_NO_RELATED_SYM, instruments.length],
      [TAG.LAST_FRAGMENT, 'Y'],
      [TAG.NO_RELATED_SYM, instruments.length],
      ...instruments.flatMap(({ symbol, definition }): FixField[] => [
        [TAG.SYMBOL, symbol],
        [TAG.ROUND_LOT, definition.lot],
        [TAG.MIN_TRADE_VOL, definition.lot],
        [TAG.MIN_PRICE_INCREMENT, isFixt ? definition.tick : undefined], // FIX 4.4 has no field for it
      ]),
    ];
    return this.#securities[version];
  }

  // ── Turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #feed({ number }: Instrument): InstrumentFeed<Subscription> {
    let feed = this.#feeds.get(number);
    if (feed === undefined) {
      feed = new InstrumentFeed(this.#services.feeds[number]);
      this.#feeds.set(number, feed);
    }
    return feed;
  }

  #tick(): void {
    for (const feed of this.#feeds.values()) {
      feed.take();
      for (const one of feed.subscriptions) if (one.onTick()) this.#turns.add(one);
    }
  }

  #noteTrade(trade: Readonly<Trade>): void {
    const feed = this.#feeds.get(trade.instrument);
    if (feed === undefined || feed.subscriptions.size === 0) return;
    feed.addTrade(trade);
    if (feed.isTradeDue) return;
    feed.isTradeDue = true;
    setImmediate(() => {
      feed.isTradeDue = false;
      for (const one of feed.subscriptions) if (one.wanted.trades) this.#turns.add(one);
    });
  }

  #step(one: Subscription): boolean {
    if (one.isOver) return false;
    const { session } = one.client;
    if (!session.isClear) {
      one.client.wantsLine = true;
      return false;
    }
    const hasMore = one.step(session.isFixt ? fixTime(this.#services.now()) : undefined);
    if (one.isDone) this.#remove(one);
    return hasMore && !one.isDone;
  }

  #end(one: Subscription): void {
    one.isOver = true;
    one.feed.subscriptions.delete(one);
  }

  /** A snapshot was all that was wanted. */
  #remove(one: Subscription): void {
    this.#end(one);
    const mine = this.#clients.get(one.client);
    const left = mine?.get(one.id)?.filter((other) => other !== one) ?? [];
    if (left.length > 0) mine?.set(one.id, left);
    else mine?.delete(one.id);
  }
}
