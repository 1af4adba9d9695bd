import { PreventedLots } from '@outcry/engine/prevented-lots';
import { EVENT, event, NEW_AGGREGATE, PREVENTED } from '@outcry/market/event';
import type { Stored } from '@outcry/replica/evidence';
import type { FollowerStore } from '@outcry/replica/follower-store';
import type { Random } from '@outcry/workload/random';

/** A store as a simulation uses it: opened anew at each start, cut off by crashes, and looked into at the end. */
export interface SimulatedStore {
  /** see StoreWriter of the venue, and FollowerStore */
  open(journal: number, orders: number, unitOf: (instrument: number) => number): Promise<FollowerStore>;
  /** What it says of itself, read before a start. */
  stored(): Promise<Stored | undefined>;
  /** The power goes. @param close ends who has it open, which tidies up as no crash does */
  crash(random: Random, close: () => Promise<void>): Promise<void>;
  /** All that it holds, in an order that does not depend on how it came there. */
  rows(): unknown;
}

/** @param directory that is its own */
export type MakeStore = (directory: string) => SimulatedStore;

/** What was written at once. */
interface Flush {
  readonly sequence: number;
  readonly hash: readonly [number, number];
  readonly rows: readonly Row[];
}

type Row = readonly number[];

/**
 * A store in memory: a row for each event that names an order, with the number that the order has then, so that rows that are lost, doubled or of
 * another order show. A crash takes any number of the last flushes.
 */
export class EventStore implements SimulatedStore {
  #journal: number | undefined;
  readonly flushes: Flush[] = [];

  async open(journal: number, orders: number, unitOf: (instrument: number) => number): Promise<FollowerStore> {
    this.#journal = journal;
    return new EventWriter(this.flushes, orders, unitOf);
  }

  async stored(): Promise<Stored | undefined> {
    if (this.#journal === undefined) return undefined;
    return { file: 'the store', journal: this.#journal, sequence: this.flushes.at(-1)?.sequence ?? 0 };
  }

  async crash(random: Random, close: () => Promise<void>): Promise<void> {
    await close();
    if (random.chance(0.5)) this.flushes.length -= random.below(this.flushes.length + 1);
  }

  rows(): unknown {
    return this.flushes.flatMap(({ rows }) => rows);
  }
}

class EventWriter implements FollowerStore {
  readonly sequence: number;
  readonly hash: Flush['hash'] | undefined;
  readonly #flushes: Flush[];
  readonly #unitOf: (instrument: number) => number;
  readonly #ids: Float64Array;
  readonly #prevented: PreventedLots;
  readonly #aggregates: number[] = [];
  #pending: Row[] = [];
  /** of the next order, 0: it is the number of its command */
  #id = 0;

  constructor(flushes: Flush[], orders: number, unitOf: (instrument: number) => number) {
    this.#flushes = flushes;
    this.#unitOf = unitOf;
    this.#ids = new Float64Array(orders + 1);
    this.#prevented = new PreventedLots(orders);
    this.sequence = flushes.at(-1)?.sequence ?? 0;
    this.hash = flushes.at(-1)?.hash;
  }

  get pendingRows(): number {
    return this.#pending.length;
  }

  async empty(): Promise<void> {
    this.#flushes.length = 0;
  }

  setIds(ids: Float64Array): void {
    this.#ids.set(ids);
  }

  setPreventedLots(image: Uint8Array): void {
    this.#prevented.restore(image);
  }

  setAggregates(instrument: number, aggregates: number): void {
    this.#aggregates[instrument] = aggregates;
  }

  add(i32: Int32Array, f64: Float64Array, at: number): void {
    const kind = i32[at + event.HEAD] & 0xff;
    const slot = i32[at + event.ORDER_SLOT];
    const sequence = f64[(at >> 1) + event.F64_SEQUENCE];
    const [account, price, quantity] = [i32[at + event.ACCOUNT], i32[at + event.PRICE], i32[at + event.QUANTITY]];
    if (kind === EVENT.ORDER_ID) this.#id = f64[(at >> 1) + event.F64_ORDER_ID];
    else if (kind === EVENT.ACCEPTED) {
      this.#ids[slot] = this.#id === 0 ? sequence : this.#id;
      this.#id = 0;
      this.#pending.push([kind, sequence, this.#ids[slot], account, price, quantity]);
    } else if (kind === EVENT.FILL) {
      const instrument = i32[at + event.INSTRUMENT_WORD] & 0xffff;
      if (((i32[at + event.HEAD] >>> 16) & NEW_AGGREGATE) !== 0) this.#aggregates[instrument] = (this.#aggregates[instrument] ?? 0) + 1;
      const amount = price * quantity * this.#unitOf(instrument);
      this.#pending.push([kind, sequence, this.#ids[slot], account, amount, this.#aggregates[instrument] ?? 0]);
    } else if (kind === EVENT.PREVENTED_MATCH) {
      this.#pending.push([kind, sequence, this.#ids[slot], account, quantity, f64[(at >> 1) + event.F64_TRADE]]);
    } else if (kind === EVENT.AMENDED) {
      const generation = i32[at + event.ORDER_GENERATION];
      if (((i32[at + event.HEAD] >>> 16) & PREVENTED) !== 0) this.#prevented.add(slot, generation, f64[(at >> 1) + event.F64_AMOUNT], 0);
      this.#pending.push([kind, sequence, this.#ids[slot], this.#prevented.lots(slot, generation)]);
    } else if (kind === EVENT.CANCELLED || kind === EVENT.TRIGGERED) {
      this.#pending.push([kind, sequence, this.#ids[slot]]);
    }
  }

  async flush(sequence: number, hash: readonly [number, number]): Promise<void> {
    this.#flushes.push({ sequence, hash, rows: this.#pending });
    this.#pending = [];
  }

  async close(): Promise<void> {
    this.#pending = [];
  }
}
