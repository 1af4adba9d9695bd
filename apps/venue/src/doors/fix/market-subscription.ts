/** One FIX subscription: what was sent of an instrument, and what is to be sent next. */
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { type FixField, MSG, TAG } from '@outcry/wire/fix';
import { FixPieces } from '@outcry/wire/fix-format';
import type { Instrument } from '../../domain/market.ts';
import type { FixClient } from './fix-client.ts';
import type { Change, Image, InstrumentFeed } from './instrument-feed.ts';

const BID = '0';
const OFFER = '1';
const TRADE = '2';
const NEW = '0';
const CHANGE = '1';
const DELETE = '2';
const SIDES: readonly Side[] = [BUY, SELL];
const TYPES = [BID, OFFER];
/** Entries written in one slice, and in one message of changes. */
const SLICE = 256;

interface Wanted {
  bids: boolean;
  offers: boolean;
  trades: boolean;
  /** levels a side, 0: all */
  depth: number;
  /** a snapshot, and nothing after it */
  isOnce: boolean;
}

/** A snapshot that is being written. */
interface Writing {
  pieces: FixPieces;
  images: (Image | undefined)[];
  side: number;
  at: number;
}

/**
 * One symbol of a MarketDataRequest. It does its work a slice at a time, whenever its client's line has nothing waiting: first the snapshot,
 * then what has changed since. One that lags gets fewer, larger changes; one that lags further than what is kept, another snapshot.
 */
export class Subscription {
  isQueued = false;
  /** nothing more is sent */
  isOver = false;
  /** a snapshot was wanted, and is sent */
  isDone = false;
  readonly id: string;
  readonly client: FixClient;
  readonly feed: InstrumentFeed<Subscription>;
  readonly wanted: Wanted;
  #writing: Writing | undefined;
  #isLive = false;
  /** of a whole book: by side, the version up to which it was sent, and how many changes of the next one */
  readonly #versions = [0, 0];
  readonly #places = [0, 0];
  /** of the best levels: by side what was sent */
  readonly #sent: (readonly (readonly [price: number, lots: number])[])[] = [[], []];
  #isLevelsDue = false;
  #updateId = 0;
  #nextTrade: number;
  /** no snapshot is from before this */
  readonly #since = performance.now();

  constructor(id: string, client: FixClient, feed: InstrumentFeed<Subscription>, wanted: Wanted) {
    this.id = id;
    this.client = client;
    this.feed = feed;
    this.wanted = wanted;
    this.#nextTrade = feed.nextTrade;
  }

  /** Changes are told now. Returns whether there is something to do. */
  onTick(): boolean {
    if (!this.#isLive) return true;
    if (this.wanted.depth === 0) return SIDES.some((side) => this.#wants(side) && this.#versions[side] < this.feed.version);
    this.#isLevelsDue ||= this.#updateId !== this.feed.market.depth.updateId;
    return this.#isLevelsDue;
  }

  /** Does a slice of work; the client's line must be clear. Returns whether there is more to do. @param time of the last change, where the version has it */
  step(time: string | undefined): boolean {
    if (!this.#isLive) return this.#stepSnapshot(time);
    if (this.wanted.trades && this.#sendTrades()) return true;
    return this.wanted.depth === 0 ? this.#sendChanges() : this.#sendLevels();
  }

  // ── Snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #stepSnapshot(time: string | undefined): boolean {
    this.#writing ??= { pieces: new FixPieces(), images: [undefined, undefined], side: BUY, at: 0 };
    const writing = this.#writing;
    if (!this.#hasImages(writing)) return false; // the next tick asks again
    let left = SLICE;
    while (left > 0 && writing.side < SIDES.length) left -= this.#writeSome(writing, left);
    if (writing.side < SIDES.length) return true;
    this.#writing = undefined;
    this.#sendSnapshot(writing, time);
    this.#isLive = true;
    this.isDone = this.wanted.isOnce;
    return true;
  }

  /** Whether what is to be written is there. */
  #hasImages({ images }: Writing): boolean {
    for (const side of SIDES) {
      if (!this.#wants(side) || images[side] !== undefined) continue;
      images[side] = this.wanted.depth === 0 ? this.feed.imageSince(side, this.#since) : this.#bestLevels(side);
      if (images[side] === undefined) return false;
      this.#versions[side] = images[side].version;
      this.#places[side] = 0;
    }
    return true;
  }

  #bestLevels(side: Side): Image {
    const levels = this.feed.market.depth.levels(side, this.wanted.depth);
    this.#sent[side] = levels;
    return { version: 0, prices: Int32Array.from(levels, ([price]) => price), lots: Float64Array.from(levels, ([, lots]) => lots) };
  }

  /** Returns how many entries it wrote, at least 1. */
  #writeSome(writing: Writing, most: number): number {
    const image = writing.images[writing.side];
    const end = Math.min(image?.prices.length ?? 0, writing.at + most);
    const count = end - writing.at;
    const fields: FixField[] = [];
    for (; writing.at < end; writing.at++)
      addEntry(fields, TYPES[writing.side], this.feed.instrument, image!.prices[writing.at], image!.lots[writing.at]);
    writing.pieces.add(fields);
    if (end === (image?.prices.length ?? 0)) {
      writing.side++;
      writing.at = 0;
    }
    return Math.max(count, 1);
  }

  #sendSnapshot({ pieces, images }: Writing, time: string | undefined): void {
    const { instrument, market } = this.feed;
    const hasTrade = this.wanted.trades && market.lastPrice > 0;
    if (hasTrade) {
      const fields: FixField[] = [];
      addEntry(fields, TRADE, instrument, market.lastPrice, market.lastQuantity);
      pieces.add(fields);
    }
    const count = images.reduce((sum, image) => sum + (image?.prices.length ?? 0), hasTrade ? 1 : 0);
    const head: FixField[] = [
      [TAG.MD_REQ_ID, this.id],
      [TAG.SYMBOL, instrument.symbol],
      [TAG.LAST_UPDATE_TIME, time],
      [TAG.NO_MD_ENTRIES, count],
    ];
    this.client.session.send(MSG.MARKET_DATA_SNAPSHOT, head, pieces);
  }

  // ── Changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #sendTrades(): boolean {
    const { next, trades } = this.feed.tradesFrom(this.#nextTrade, SLICE);
    this.#nextTrade = next;
    const fields: FixField[] = [];
    for (const { price, lots } of trades) addChange(fields, NEW, TRADE, this.feed.instrument, price, lots);
    return this.#send(fields, trades.length);
  }

  /** Of a whole book. */
  #sendChanges(): boolean {
    const fields: FixField[] = [];
    let count = 0;
    for (const side of SIDES) {
      while (this.#wants(side) && this.#versions[side] < this.feed.version && count < SLICE) {
        const next = this.feed.changesAfter(side, this.#versions[side]);
        if (next === undefined) {
          this.#isLive = false; // too far behind
          return true;
        }
        const changes = next.changes.slice(this.#places[side], this.#places[side] + SLICE - count);
        for (const { price, lots, isNew } of changes)
          addChange(fields, actionOf(lots, isNew), TYPES[side], this.feed.instrument, price, lots);
        count += changes.length;
        this.#places[side] += changes.length;
        if (this.#places[side] < next.changes.length) break;
        this.#versions[side] = next.version;
        this.#places[side] = 0;
      }
    }
    return this.#send(fields, count);
  }

  /** Of the best levels. */
  #sendLevels(): boolean {
    if (!this.#isLevelsDue) return false;
    this.#isLevelsDue = false;
    this.#updateId = this.feed.market.depth.updateId;
    const fields: FixField[] = [];
    let count = 0;
    for (const side of SIDES) {
      if (!this.#wants(side)) continue;
      const levels = this.feed.market.depth.levels(side, this.wanted.depth);
      for (const { price, lots, isNew } of differences(side, this.#sent[side], levels)) {
        addChange(fields, actionOf(lots, isNew), TYPES[side], this.feed.instrument, price, lots);
        count++;
      }
      this.#sent[side] = levels;
    }
    return this.#send(fields, count);
  }

  /** Returns whether there was something. */
  #send(fields: FixField[], count: number): boolean {
    if (count === 0) return false;
    const pieces = new FixPieces();
    pieces.add(fields);
    const head: FixField[] = [
      [TAG.MD_REQ_ID, this.id],
      [TAG.NO_MD_ENTRIES, count],
    ];
    this.client.session.send(MSG.MARKET_DATA_INCREMENTAL, head, pieces);
    return true;
  }

  #wants(side: Side): boolean {
    return side === BUY ? this.wanted.bids : this.wanted.offers;
  }
}

/** What makes one list of levels of another, both best first. */
function* differences(
  side: Side,
  before: readonly (readonly [price: number, lots: number])[],
  after: readonly (readonly [price: number, lots: number])[],
): Generator<Change> {
  let [old, now] = [0, 0];
  while (old < before.length || now < after.length) {
    const [was, is] = [before[old]?.[0], after[now]?.[0]];
    const isGone = is === undefined || (was !== undefined && (side === BUY ? was > is : was < is));
    if (isGone) yield { price: before[old++][0], lots: 0, isNew: false };
    else if (was !== is) yield { price: is, lots: after[now++][1], isNew: true };
    else {
      if (before[old][1] !== after[now][1]) yield { price: is, lots: after[now][1], isNew: false };
      old++;
      now++;
    }
  }
}

function actionOf(lots: number, isNew: boolean): string {
  return lots === 0 ? DELETE : isNew ? NEW : CHANGE;
}

function addEntry(fields: FixField[], type: string, instrument: Instrument, price: number, lots: number): void {
  fields.push([TAG.MD_ENTRY_TYPE, type], [TAG.MD_ENTRY_PX, instrument.formatPrice(price)]);
  fields.push([TAG.MD_ENTRY_SIZE, instrument.formatQuantity(lots)]);
}

function addChange(fields: FixField[], action: string, type: string, instrument: Instrument, price: number, lots: number): void {
  fields.push([TAG.MD_UPDATE_ACTION, action], [TAG.MD_ENTRY_TYPE, type], [TAG.SYMBOL, instrument.symbol]);
  fields.push([TAG.MD_ENTRY_PX, instrument.formatPrice(price)], [TAG.MD_ENTRY_SIZE, instrument.formatQuantity(lots)]);
}
