import { BUY, type Side } from '@outcry/market/order-terms';

/** The incoming order, as fields so that the hot path passes no objects. An engine has one. */
export class Taker {
  slot = 0;
  generation = 0;
  account = 0;
  instrument = 0;
  side: Side = BUY;
  kind = 0;
  timeInForce = 0;
  postOnly = 0;
  /** limit in ticks; for market orders the end of the range */
  price = 0;
  /** ticks that a buyer holds for each lot, 0: nothing is held */
  hold = 0;
  quantity = 0;
  left = 0;
}
