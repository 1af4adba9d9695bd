/** Binance's account events, and the listen keys that open them. */
import crypto from 'node:crypto';
import { BUY, LIMIT } from '@outcry/market/order-terms';
import { AccountBacklog, type Reader } from '../../core/fairness/account-backlog.ts';
import type { AccountListener, OrderListener } from '../../core/orders/listeners.ts';
import type { View } from '../../core/orders/view.ts';
import type { Market } from '../../domain/market.ts';
import { endStatus, ORDER_STATUS_NAMES } from '../../domain/order-status.ts';
import type { Fill, Order, OrderList, PreventedMatch } from '../../domain/orders.ts';
import { errors } from '../http/errors.ts';
import { AccountEvent } from './account-event.ts';
import { feeJson, icebergQuantity, listNumber, ms, SIDE_NAMES, selfTradeName, stopPrice, timeInForceName, typeName } from './format.ts';
import { originalLots, reportMatch } from './prevented.ts';
import { expiryReason, reportTerms } from './report-fields.ts';
import { CONTINGENCIES } from './special-order.ts';
import { strategyJson } from './strategy.ts';

const LISTEN_KEY_MS = 60 * 60_000;
const ZERO = '0.00000000';

/** Readers of one account's events, and those of them that one API key or listen key may have: each costs every event of the account. */
const MOST_READERS = 64;
const MOST_READERS_BY_KEY = 16;
/** Events of an account in a slice: each is written to every reader. */
const EVENTS_A_SLICE = 8;

/** Who reads an account's events. */
export interface EventReader extends Reader<AccountEvent> {
  /** the API key or listen key that it came with */
  readonly key: string;
}

/** A capability to read an account's events: of an API key, and no longer than it. */
interface ListenKey {
  readonly account: number;
  readonly apiKey: string;
  timer: NodeJS.Timeout;
  /** ends of those who listen by it */
  readonly listeners: Set<() => void>;
}

/** Account events for their owners: executionReport, listStatus, outboundAccountPosition, balanceUpdate. */
export class UserStreams implements Partial<OrderListener & AccountListener> {
  readonly #market: Market;
  readonly #view: View;
  readonly #keys = new Map<string, ListenKey>();
  readonly #ofApiKey = new Map<string, string>();
  readonly #backlog = new AccountBacklog<AccountEvent, EventReader>({ eventsASlice: EVENTS_A_SLICE });
  readonly #changed = new Map<number, Set<number>>();
  /** number of the last one told */
  #executions: number;
  /** Asked once for each reader, which it may put another in front of: a demo's faults. */
  inFrontOf: (account: number, reader: EventReader) => EventReader = (_account, reader) => reader;

  /** @param firstExecution its number is above those of a venue before this one */
  constructor(market: Market, view: View, firstExecution: number) {
    this.#executions = firstExecution;
    this.#market = market;
    this.#view = view;
  }

  /** An API key's listen key: the one that it has, for another hour, or a new one. */
  openListenKey(account: number, apiKey: string): string {
    const known = this.#ofApiKey.get(apiKey);
    if (known !== undefined) {
      this.keepAlive(known, account);
      return known;
    }
    const key = crypto.randomBytes(30).toString('hex');
    this.#keys.set(key, { account, apiKey, timer: this.#endLater(key), listeners: new Set() });
    this.#ofApiKey.set(apiKey, key);
    return key;
  }

  hasListenKey(key: string): boolean {
    return this.#keys.has(key);
  }

  keepAlive(key: string, account: number): void {
    const entry = this.#keys.get(key);
    if (entry === undefined || entry.account !== account) throw errors.badListenKey();
    clearTimeout(entry.timer);
    entry.timer = this.#endLater(key);
  }

  closeListenKey(key: string, account: number): void {
    this.keepAlive(key, account);
    this.#endListenKey(key);
  }

  /** An API key was revoked, or its time is up: nobody listens by it any more. */
  endApiKey(apiKey: string): void {
    const key = this.#ofApiKey.get(apiKey);
    if (key !== undefined) this.#endListenKey(key);
  }

  close(): void {
    for (const { timer } of this.#keys.values()) clearTimeout(timer);
  }

  #endLater(key: string): NodeJS.Timeout {
    return setTimeout(() => this.#endListenKey(key), LISTEN_KEY_MS).unref();
  }

  /** Ends a listen key and the streams by it, which are told so. */
  #endListenKey(key: string): void {
    const { timer, apiKey, listeners } = this.#keys.get(key)!;
    clearTimeout(timer);
    this.#keys.delete(key);
    this.#ofApiKey.delete(apiKey);
    for (const end of listeners) end();
  }

  /**
   * Tells a listener the events of a listen key's account, and at last that the key has ended. Returns how to stop;
   * undefined: there is no such key, or it has as many readers as it may.
   */
  listen(key: string, hear: (event: AccountEvent) => void, overrun: () => void): (() => void) | undefined {
    const entry = this.#keys.get(key);
    const unsubscribe = entry && this.subscribe(entry.account, { key, hear, overrun });
    if (entry === undefined || unsubscribe === undefined) return undefined;
    const end = () => {
      unsubscribe();
      hear(new AccountEvent({ e: 'listenKeyExpired', E: Date.now(), listenKey: key }));
    };
    entry.listeners.add(end);
    return () => {
      entry.listeners.delete(end);
      unsubscribe();
    };
  }

  /** Returns how to end it; undefined: the account, or the key, has as many readers as it may. */
  subscribe(account: number, reader: EventReader): (() => void) | undefined {
    const all = this.#backlog.readersOf(account);
    const byKey = all.filter(({ key }) => key === reader.key).length;
    if (all.length >= MOST_READERS || byKey >= MOST_READERS_BY_KEY) return undefined;
    return this.#backlog.add(account, this.inFrontOf(account, reader));
  }

  follows(account: number): boolean {
    return this.#backlog.isFollowed(account);
  }

  onAccepted(order: Order): void {
    this.#report(order, 'NEW', ORDER_STATUS_NAMES[order.status]);
  }

  onFill(fill: Fill): void {
    const { order } = fill;
    if (!this.follows(order.account)) return;
    const instrument = this.#market.instruments[order.instrument];
    const fee = feeJson(fill.fee, fill.feeAsset, order.side === BUY, instrument, this.#market);
    this.#report(order, 'TRADE', ORDER_STATUS_NAMES[order.status], {
      l: instrument.formatQuantity(fill.quantity),
      L: instrument.formatPrice(fill.price),
      n: fee.commission,
      N: fee.commissionAsset,
      t: fill.trade,
      m: fill.isMaker,
      Y: instrument.quote.format(fill.amount),
    });
  }

  onEnded(order: Order, reason: number, wasPending: boolean, match?: PreventedMatch): void {
    const status = ORDER_STATUS_NAMES[endStatus(reason)];
    if (match !== undefined) {
      this.#reportPrevented(order, match);
      return;
    }
    const eR = expiryReason(order, reason, wasPending);
    this.#report(order, status, status, { C: status === 'CANCELED' ? order.clientId : '', ...(status === 'EXPIRED' && { eR }) });
  }

  onTriggered(order: Order): void {
    this.#report(order, 'NEW', ORDER_STATUS_NAMES[order.status]);
  }

  onAmended(order: Order, match?: PreventedMatch): void {
    if (match !== undefined) this.#reportPrevented(order, match);
    else this.#report(order, 'REPLACED', ORDER_STATUS_NAMES[order.status]);
  }

  #reportPrevented(order: Order, match: PreventedMatch): void {
    if (!this.follows(order.account)) return;
    const fields = reportMatch(order, match, this.#market.instruments[order.instrument]);
    this.#report(order, 'TRADE_PREVENTION', ORDER_STATUS_NAMES[order.status], fields);
  }

  onListEntered(list: OrderList, time: number): void {
    this.#listStatus(list, time, 'EXEC_STARTED', 'EXECUTING');
  }

  onListDone(list: OrderList, time: number): void {
    this.#listStatus(list, time, 'ALL_DONE', 'ALL_DONE');
  }

  onTransfer(account: number, asset: number, units: number, time: number): void {
    const { name, format } = { name: this.#market.assets[asset].name, format: (n: number) => this.#market.assets[asset].format(n) };
    const delta = units < 0 ? `-${format(-units)}` : format(units);
    this.#send(account, { e: 'balanceUpdate', E: ms(time), a: name, d: delta, T: ms(time) });
  }

  onBalance(account: number, asset: number): void {
    if (!this.follows(account)) return;
    if (this.#changed.size === 0) queueMicrotask(() => this.#sendPositions());
    let assets = this.#changed.get(account);
    if (assets === undefined) {
      assets = new Set();
      this.#changed.set(account, assets);
    }
    assets.add(asset);
  }

  #sendPositions(): void {
    for (const [account, assets] of this.#changed) {
      const time = ms(this.#view.lastUpdate(account));
      const B = [...assets].map((number) => {
        const asset = this.#market.assets[number];
        const { available, held } = this.#view.balance(account, number);
        return { a: asset.name, f: asset.format(available), l: asset.format(held) };
      });
      this.#send(account, { e: 'outboundAccountPosition', E: Date.now(), u: time, B });
    }
    this.#changed.clear();
  }

  #send(account: number, event: object): void {
    this.#backlog.push(account, () => new AccountEvent(event));
  }

  #listStatus(list: OrderList, time: number, l: string, L: string): void {
    const { symbol: s } = this.#market.instruments[list.instrument];
    const O = list.orders.map(({ id, clientId }) => ({ s, i: id, c: clientId }));
    const [c, C] = [CONTINGENCIES[list.type], list.clientId];
    this.#send(list.account, { e: 'listStatus', E: Date.now(), s, g: list.number, c, l, L, r: 'NONE', C, T: ms(time), O });
  }

  #report(order: Order, executionType: string, status: string, more: object = {}): void {
    if (!this.follows(order.account)) return;
    const [E, I] = [Date.now(), ++this.#executions];
    this.#backlog.push(
      order.account,
      () => new AccountEvent(Object.assign(this.#executionReport(order, executionType, status, E, I), more)),
    );
  }

  #executionReport(order: Order, executionType: string, status: string, E: number, I: number): object {
    const instrument = this.#market.instruments[order.instrument];
    return {
      e: 'executionReport',
      E,
      s: instrument.symbol,
      c: order.clientId,
      S: SIDE_NAMES[order.side],
      o: typeName(order),
      f: timeInForceName(order),
      q: instrument.formatQuantity(originalLots(order)),
      p: order.kind === LIMIT ? instrument.formatPrice(order.price) : ZERO,
      P: stopPrice(order, instrument),
      F: icebergQuantity(order, instrument),
      g: listNumber(order),
      C: '',
      x: executionType,
      X: status,
      r: 'NONE',
      i: order.id,
      l: ZERO,
      z: instrument.formatQuantity(order.quantity - order.left),
      L: ZERO,
      n: '0',
      N: null,
      T: ms(order.updateTime),
      t: -1,
      I,
      w: order.resting,
      m: false,
      M: false,
      O: ms(order.time),
      Z: instrument.quote.format(order.executedAmount),
      Y: ZERO,
      Q: instrument.quote.format(order.amount),
      ...(!order.waiting && { W: ms(order.time) }),
      V: selfTradeName(order),
      ...reportTerms(order, instrument),
      ...strategyJson(order, 'j', 'J'),
    };
  }
}
