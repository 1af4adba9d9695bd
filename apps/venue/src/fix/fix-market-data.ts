import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { type FixField, type FixMessage, fixTime, MSG, TAG } from '@outcry/wire/fix';
import type { Services } from '../binance/operation.ts';
import type { Instrument } from '../core/market.ts';
import type { MarketListener, Trade } from '../core/view.ts';
import { need } from './fix-orders.ts';
import type { FixClient } from './fix-server.ts';

interface Subscription {
  id: string;
  client: FixClient;
  instruments: Instrument[];
  types: Set<string>;
  /** levels a side, 0: all */
  depth: number;
  /** by instrument and side: what the client has, price to lots */
  sent: Map<number, Map<number, number>>;
}

const BID = '0';
const OFFER = '1';
const TRADES = '2';
const NEW = '0';
const CHANGE = '1';
const DELETE = '2';
const SNAPSHOT = '0';
const SUBSCRIBE = '1';
const UNSUBSCRIBE = '2';
const CONFLATE_MS = 100;
const MOST_SUBSCRIPTIONS = 100;

/** MarketDataRequest: snapshots, and changes since at most every 100 ms; each trade at once. SecurityListRequest. */
export class FixMarketData {
  readonly #services: Services;
  readonly #subscriptions = new Set<Subscription>();
  readonly #timer: NodeJS.Timeout;

  constructor(services: Services) {
    this.#services = services;
    this.#timer = setInterval(() => {
      for (const subscription of this.#subscriptions) this.#tellChanges(subscription);
    }, CONFLATE_MS);
  }

  readonly listener: Partial<MarketListener> = { onTrade: (trade) => this.#tellTrade(trade) };

  close(): void {
    clearInterval(this.#timer);
  }

  gone(client: FixClient): void {
    for (const subscription of this.#subscriptions) if (subscription.client === client) this.#subscriptions.delete(subscription);
  }

  request(client: FixClient, message: FixMessage): void {
    const id = need(message, TAG.MD_REQ_ID);
    const kind = need(message, TAG.SUBSCRIPTION_REQUEST_TYPE);
    const known = [...this.#subscriptions].find((subscription) => subscription.client === client && subscription.id === id);
    if (kind === UNSUBSCRIBE) {
      if (known !== undefined) this.#subscriptions.delete(known);
      return;
    }
    const reject = (reason: string) =>
      client.session.send(MSG.MARKET_DATA_REQUEST_REJECT, [
        [TAG.MD_REQ_ID, id],
        [TAG.MD_REQ_REJ_REASON, reason],
      ]);
    const instruments = message.all(TAG.SYMBOL).map((symbol) => this.#services.market.find(symbol));
    const types = new Set(message.all(TAG.MD_ENTRY_TYPE));
    if (known !== undefined) reject('1');
    else if (kind !== SNAPSHOT && kind !== SUBSCRIBE) reject('4');
    else if (instruments.length === 0 || instruments.includes(undefined)) reject('0');
    else if (![...types].every((type) => [BID, OFFER, TRADES].includes(type)) || types.size === 0) reject('8');
    else if ([...this.#subscriptions].filter((subscription) => subscription.client === client).length >= MOST_SUBSCRIPTIONS) reject('2');
    else {
      const depth = message.number(TAG.MARKET_DEPTH) || 0;
      const subscription: Subscription = { id, client, instruments: instruments as Instrument[], types, depth, sent: new Map() };
      for (const instrument of subscription.instruments) this.#tellSnapshot(subscription, instrument);
      if (kind === SUBSCRIBE) this.#subscriptions.add(subscription);
    }
  }

  securityList(client: FixClient, message: FixMessage): void {
    const { instruments } = this.#services.market;
    client.session.send(MSG.SECURITY_LIST, [
      [TAG.SECURITY_REQ_ID, need(message, TAG.SECURITY_REQ_ID)],
      [TAG.SECURITY_RESPONSE_ID, `L${this.#services.now()}`],
      [TAG.SECURITY_REQUEST_RESULT, 0],
      [TAG.TOT_NO_RELATED_SYM, instruments.length],
      [TAG.LAST_FRAGMENT, 'Y'],
      [TAG.NO_RELATED_SYM, instruments.length],
      ...instruments.flatMap((instrument): FixField[] => [
        [TAG.SYMBOL, instrument.symbol],
        [TAG.ROUND_LOT, instrument.definition.lot],
        [TAG.MIN_TRADE_VOL, instrument.definition.lot],
        [TAG.MIN_PRICE_INCREMENT, client.session.isFixt ? instrument.definition.tick : undefined], // FIX 4.4 has no field for it
      ]),
    ]);
  }

  #levels({ depth, types }: Subscription, instrument: Instrument, side: Side): [price: number, lots: number][] {
    if (!types.has(side === BUY ? BID : OFFER)) return [];
    return this.#services.feeds[instrument.number].depth.levels(side, depth === 0 ? Number.MAX_SAFE_INTEGER : depth);
  }

  #tellSnapshot(subscription: Subscription, instrument: Instrument): void {
    const entries: FixField[][] = [];
    for (const side of [BUY, SELL]) {
      const levels = this.#levels(subscription, instrument, side);
      subscription.sent.set(instrument.number * 2 + side, new Map(levels));
      for (const [price, lots] of levels) entries.push(entry(side === BUY ? BID : OFFER, instrument, price, lots));
    }
    const { lastPrice, lastQuantity } = this.#services.feeds[instrument.number];
    if (subscription.types.has(TRADES) && lastPrice > 0) entries.push(entry(TRADES, instrument, lastPrice, lastQuantity));
    subscription.client.session.send(MSG.MARKET_DATA_SNAPSHOT, [
      [TAG.MD_REQ_ID, subscription.id],
      [TAG.SYMBOL, instrument.symbol],
      [TAG.LAST_UPDATE_TIME, subscription.client.session.isFixt ? fixTime(this.#services.now()) : undefined],
      [TAG.NO_MD_ENTRIES, entries.length],
      ...entries.flat(),
    ]);
  }

  #tellChanges(subscription: Subscription): void {
    const entries: FixField[][] = [];
    for (const instrument of subscription.instruments) {
      for (const side of [BUY, SELL]) {
        const sent = subscription.sent.get(instrument.number * 2 + side)!;
        const now = new Map(this.#levels(subscription, instrument, side));
        const type = side === BUY ? BID : OFFER;
        for (const [price, lots] of now) {
          const before = sent.get(price);
          if (before !== lots) entries.push(change(before === undefined ? NEW : CHANGE, type, instrument, price, lots));
        }
        for (const [price, lots] of sent) if (!now.has(price)) entries.push(change(DELETE, type, instrument, price, lots));
        subscription.sent.set(instrument.number * 2 + side, now);
      }
    }
    this.#tell(subscription, entries);
  }

  #tellTrade({ instrument: number, price, quantity }: Trade): void {
    for (const subscription of this.#subscriptions) {
      const instrument = subscription.instruments.find((wanted) => wanted.number === number);
      if (instrument !== undefined && subscription.types.has(TRADES))
        this.#tell(subscription, [change(NEW, TRADES, instrument, price, quantity)]);
    }
  }

  #tell({ id, client }: Subscription, entries: FixField[][]): void {
    if (entries.length === 0) return;
    client.session.send(MSG.MARKET_DATA_INCREMENTAL, [[TAG.MD_REQ_ID, id], [TAG.NO_MD_ENTRIES, entries.length], ...entries.flat()]);
  }
}

function entry(type: string, instrument: Instrument, price: number, lots: number): FixField[] {
  return [
    [TAG.MD_ENTRY_TYPE, type],
    [TAG.MD_ENTRY_PX, instrument.formatPrice(price)],
    [TAG.MD_ENTRY_SIZE, instrument.formatQuantity(lots)],
  ];
}

function change(action: string, type: string, instrument: Instrument, price: number, lots: number): FixField[] {
  const [kind, ...rest] = entry(type, instrument, price, lots);
  return [[TAG.MD_UPDATE_ACTION, action], kind, [TAG.SYMBOL, instrument.symbol], ...rest];
}
