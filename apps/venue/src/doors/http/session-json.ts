/** An instrument's trading state and auction in JSON. */
import { TRADING_STATE } from '@outcry/market/states';
import type { MarketState } from '../../core/feeds/market-state.ts';
import * as a from './answers.ts';

/** State and auction of an instrument: the venue's own. */
const STATE_NAMES = Object.keys(TRADING_STATE);

/** An instrument's trading state, and what its auction would come to. */
export function sessionJson({ instrument, state, reference, auction }: MarketState) {
  const surplus = instrument.formatQuantity(Math.abs(auction.surplus));
  return {
    symbol: instrument.symbol,
    state: STATE_NAMES[state],
    referencePrice: reference === 0 ? null : instrument.formatPrice(reference),
    auctionPrice: auction.price === 0 ? null : instrument.formatPrice(auction.price),
    auctionQty: instrument.formatQuantity(auction.volume),
    imbalanceSide: auction.surplus === 0 ? null : auction.surplus > 0 ? 'BUY' : 'SELL',
    imbalanceQty: surplus,
  };
}

export const session = a.object({
  symbol: a.symbol,
  state: a.oneOf(STATE_NAMES),
  referencePrice: a.orNull(a.price),
  auctionPrice: a.orNull(a.price),
  auctionQty: a.quantity,
  imbalanceSide: a.orNull(a.oneOf(['BUY', 'SELL'])),
  imbalanceQty: a.quantity,
});
