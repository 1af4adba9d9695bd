/** Order flow on one book, as the benchmarks replay it. */
import { PlainBook } from '@outcry/book/plain-book';
import type { Side } from '@outcry/market/order-terms';
import { OPERATION, operation, operationHead } from './operation.ts';
import { Random } from './random.ts';

const { WORDS, HEAD, ID, PRICE, QUANTITY } = operation;

interface Mix {
  /** orders that the flow begins with, and is drawn back to: it stays somewhat below */
  readonly resting: number;
  /** furthest distance from the middle, in ticks */
  readonly spread: number;
  /** shares of the operations; the rest are market orders */
  readonly add: number;
  readonly cancel: number;
  readonly replace: number;
  readonly immediate: number;
}

/** The three mixes of order flow that the figures are given for. `move` is the mix that exchange-core publishes. */
export const PROFILES: Record<string, Mix> = {
  itch: { resting: 10_000, spread: 600, add: 0.45, cancel: 0.4, replace: 0.08, immediate: 0.05 },
  deep: { resting: 1_000_000, spread: 20_000, add: 0.45, cancel: 0.4, replace: 0.08, immediate: 0.05 },
  move: { resting: 1_000, spread: 600, add: 0.09, cancel: 0.06, replace: 0.82, immediate: 0.03 },
};

/** Order flow on one instrument. */
export interface BookFlow {
  /** operations: see operation.ts */
  readonly words: Int32Array;
  readonly count: number;
  /** how many operations at the start only fill the book */
  readonly filling: number;
}

/**
 * A stream of operations on one instrument whose middle price wanders around 100,000 ticks. Orders stand close to the middle with
 * a long tail; the share of new orders against cancels steers the book to its steady size.
 */
export function generateBookFlow(profile: string, seed: number, operations: number): BookFlow {
  const mix = PROFILES[profile];
  if (mix === undefined) throw new Error(`unknown profile '${profile}': one of ${Object.keys(PROFILES).join(', ')}`);
  const random = new Random(seed);
  const count = operations + mix.resting;
  const words = new Int32Array(count * WORDS);
  const book = new PlainBook();
  const live = new LiveIds();
  book.onDone = (id) => live.remove(id);
  let mid = 100_000;
  let lastId = 0;
  const distance = () => Math.min(mix.spread, Math.floor((((1 - random.fraction()) ** -0.7 - 1) * mix.spread) / 40));
  for (let n = 0; n < count; n++) {
    const filling = n < mix.resting;
    if (random.chance(0.05)) mid += random.chance(0.5) ? -1 : 1;
    if (random.chance(0.02)) mid += (100_000 - mid) * 0.0005;
    const middle = Math.round(mid);
    let side = random.below(2) as Side;
    let quantity = 1 + random.below(100);
    const steer = (1 - live.size / mix.resting) * 0.3;
    const dice = filling ? 0 : random.fraction();
    const passive = (of: Side) => (of === 0 ? middle - 1 - distance() : middle + 1 + distance());
    let kind: number = OPERATION.MARKET;
    let id = 0;
    let price = 0;
    if (filling || dice < mix.add + steer) {
      kind = OPERATION.LIMIT;
      id = ++lastId;
      price = passive(side);
      book.limit(id, side, price, quantity);
      if (book.orders.has(id)) live.add(id);
    } else if (dice < mix.add + mix.cancel) {
      kind = OPERATION.CANCEL;
      id = random.chance(0.03) || live.size === 0 ? 1 + random.below(lastId) : live.at(random.below(live.size));
      book.cancel(id);
      side = 0;
      quantity = 0;
    } else if (dice < mix.add + mix.cancel + mix.replace && live.size > 0) {
      kind = OPERATION.REPLACE;
      id = live.at(random.below(live.size));
      side = book.orders.get(id)!.side;
      price = passive(side);
      book.replace(id, price, quantity);
      if (book.orders.has(id)) live.add(id);
    } else if (dice < mix.add + mix.cancel + mix.replace + mix.immediate) {
      kind = OPERATION.IMMEDIATE;
      id = ++lastId;
      price = side === 0 ? middle + 2 + random.below(5) : middle - 2 - random.below(5);
      quantity *= 3;
      book.match(id, side, price, quantity);
    } else {
      id = ++lastId;
      quantity *= 2;
      book.match(id, side, null, quantity);
    }
    words[n * WORDS + HEAD] = operationHead(kind, side);
    words[n * WORDS + ID] = id;
    words[n * WORDS + PRICE] = price;
    words[n * WORDS + QUANTITY] = quantity;
  }
  return { words, count, filling: mix.resting };
}

/** A set of ids with a random pick in constant time. */
class LiveIds {
  readonly #ids: number[] = [];
  readonly #places = new Map<number, number>();

  get size(): number {
    return this.#ids.length;
  }

  at(index: number): number {
    return this.#ids[index];
  }

  add(id: number): void {
    if (this.#places.has(id)) return;
    this.#places.set(id, this.#ids.length);
    this.#ids.push(id);
  }

  remove(id: number): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    const last = this.#ids.pop()!;
    if (last !== id) {
      this.#ids[place] = last;
      this.#places.set(last, place);
    }
    this.#places.delete(id);
  }
}
