/** Tells the market's listeners what the view has taken in. */
import type { SharedState } from './shared-state.ts';
import type { MarketListener } from './view.ts';

/** @param state is told which books change */
export function tellMarket(listeners: readonly Partial<MarketListener>[], state: SharedState): MarketListener {
  return {
    onTrade: (trade) => {
      for (const listener of listeners) listener.onTrade?.(trade);
    },
    onState: (instrument, instrumentState, reference) => {
      for (const listener of listeners) listener.onState?.(instrument, instrumentState, reference);
    },
    onAuction: (instrument, auction, isDone) => {
      for (const listener of listeners) listener.onAuction?.(instrument, auction, isDone);
    },
    onDepth: (instrument, side, price, lots) => {
      state.touch(instrument);
      for (const listener of listeners) listener.onDepth?.(instrument, side, price, lots);
    },
    onInstrument: (instrument, lastPrice, lastTrade, time) => {
      for (const listener of listeners) listener.onInstrument?.(instrument, lastPrice, lastTrade, time);
    },
  };
}
