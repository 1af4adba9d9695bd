/** What orders say of self-trade prevention: lots that it took off them, and the matches by which it did. */
import type { Instrument } from '../../domain/market.ts';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { Order, PreventedMatch } from '../../domain/orders.ts';

/** What an order was entered for, less what its owner took off: Binance counts what self-trade prevention takes off with it. */
export function originalLots({ quantity, decremented }: Order): number {
  return quantity + decremented;
}

/** All that self-trade prevention took off an order. */
export function preventedLots({ decremented, status, left }: Order): number {
  return decremented + (status === ORDER_STATUS.EXPIRED_IN_MATCH ? left : 0);
}

/** Of an order that lost some of its quantity. */
export function preventedJson(order: Order, instrument: Instrument) {
  if (order.preventedMatch === 0) return {};
  return { preventedMatchId: order.preventedMatch, preventedQuantity: instrument.formatQuantity(preventedLots(order)) };
}

/** What both orders of a match lost, where they did. */
export function lossesJson({ takerQuantity, makerQuantity }: PreventedMatch, instrument: Instrument) {
  return {
    ...(takerQuantity > 0 && { takerPreventedQuantity: instrument.formatQuantity(takerQuantity) }),
    ...(makerQuantity > 0 && { makerPreventedQuantity: instrument.formatQuantity(makerQuantity) }),
  };
}

/** Of the answer to an order that entered: the matches that it was prevented from. */
export function matchesOfOrder(matches: readonly PreventedMatch[], instrument: Instrument) {
  if (matches.length === 0) return {};
  const [{ group }] = matches;
  const preventedMatches = matches.map((match) => ({
    preventedMatchId: match.id,
    makerSymbol: instrument.symbol,
    makerOrderId: match.makerOrder,
    price: instrument.formatPrice(match.price),
    ...lossesJson(match, instrument),
  }));
  return { preventedMatches, ...(group !== 0 && { tradeGroupId: group }) };
}

/** Fields of executionReport of an order that a match took lots off. */
export function reportMatch(order: Order, match: PreventedMatch, instrument: Instrument) {
  const isMaker = match.makerOrder === order.id;
  return {
    v: match.id,
    A: instrument.formatQuantity(preventedLots(order)),
    B: instrument.formatQuantity(isMaker ? match.makerQuantity : match.takerQuantity),
    u: tradeGroup(match.group),
    U: isMaker ? match.takerOrder : match.makerOrder,
    Cs: instrument.symbol,
    pl: instrument.formatQuantity(match.quantity),
    pL: instrument.formatPrice(match.price),
    pY: instrument.quote.format(match.price * match.quantity * instrument.unit),
  };
}

/** A group of accounts in Binance's words. @param group 0: none */
export function tradeGroup(group: number): number {
  return group === 0 ? -1 : group;
}
