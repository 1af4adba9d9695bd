/** Prevented matches, read from the events of their two sides. */
import { event, IS_MAKER } from '@outcry/market/event';
import { flagsOf, instrumentOf, selfTradeOf } from '@outcry/market/event-reader';
import type { PreventedMatch } from '../../domain/orders.ts';

/** Takes in the event of one side of a prevented match; the taker's, which is the last, makes it whole. @param order the side's id */
export function readSide(match: PreventedMatch, i32: Int32Array, f64: Float64Array, at: number, order: number): void {
  const [account, lots] = [i32[at + event.ACCOUNT], i32[at + event.QUANTITY]];
  if ((flagsOf(i32, at) & IS_MAKER) !== 0) {
    match.maker = account;
    match.makerOrder = order;
    match.makerQuantity = lots;
    return;
  }
  match.taker = account;
  match.takerOrder = order;
  match.takerQuantity = lots;
  match.instrument = instrumentOf(i32, at);
  match.id = f64[(at >> 1) + event.F64_TRADE];
  match.mode = selfTradeOf(i32, at);
  match.price = i32[at + event.PRICE];
  match.quantity = f64[(at >> 1) + event.F64_AMOUNT];
  match.group = i32[at + event.GROUP];
  match.time = f64[(at >> 1) + event.F64_TIME];
}

export function newPreventedMatch(): PreventedMatch {
  const terms = { instrument: 0, id: 0, mode: 0, price: 0, quantity: 0, group: 0, time: 0 };
  return { ...terms, maker: 0, makerOrder: 0, makerQuantity: 0, taker: 0, takerOrder: 0, takerQuantity: 0 };
}
