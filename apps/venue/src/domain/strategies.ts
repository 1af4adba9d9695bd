/** Strategies of orders: in commands and events, and beside open orders. */
import { command } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { f64Of, reserve } from '@outcry/memory/span';
import type { Strategy } from './orders.ts';

/** Out of a STRATEGY event. */
export function readStrategy(i32: Int32Array, f64: Float64Array, at: number): Strategy {
  return { id: f64[(at >> 1) + event.F64_STRATEGY] - 1, type: i32[at + event.STRATEGY_TYPE] };
}

/** Writes the STRATEGY record that goes ahead of an order. */
export function writeStrategy(i32: Int32Array, f64: Float64Array, at: number, head: number, { id, type }: Strategy): void {
  i32.fill(0, at, at + command.WORDS);
  i32[at + command.HEAD] = head;
  i32[at + command.STRATEGY_TYPE] = type;
  f64[(at >> 1) + command.F64_STRATEGY] = id + 1;
}

const NUMBERS = 2;

/** The strategies of open orders that have one, outside the JavaScript heap, by the slot that the engine gave the order. */
export class StrategyTable {
  readonly #f64: Float64Array;

  constructor(capacity: number) {
    this.#f64 = f64Of(reserve((capacity + 1) * NUMBERS * 8));
  }

  set(slot: number, { id, type }: Strategy): void {
    this.#f64[slot * NUMBERS] = id;
    this.#f64[slot * NUMBERS + 1] = type;
  }

  get(slot: number): Strategy {
    return { id: this.#f64[slot * NUMBERS], type: this.#f64[slot * NUMBERS + 1] };
  }
}
