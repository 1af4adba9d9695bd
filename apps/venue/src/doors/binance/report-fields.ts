/** Fields of executionReport that only some orders have. */
import { FOK, IOC, LIMIT, TRAIL_BASIS_POINTS } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { PEG_LEVELS, PEG_ONCE, pegOf, trailUnitOf } from '@outcry/market/terms';
import type { Instrument } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { PEG_NAMES } from './format.ts';

/** Of trailing and pegged orders. */
export function reportTerms({ terms, price }: Order, instrument: Instrument) {
  if (terms === undefined) return {};
  const { flags, trail, pegOffset } = terms;
  return {
    ...(trailUnitOf(flags) === TRAIL_BASIS_POINTS && { d: trail }),
    ...((flags & PEG_ONCE) !== 0 && { gP: PEG_NAMES[pegOf(flags)], gp: instrument.formatPrice(price) }),
    ...((flags & PEG_LEVELS) !== 0 && { gOT: 'PRICE_LEVEL', gOV: pegOffset }),
  };
}

const BY_VENUE: number[] = [REASON.EXPIRED, REASON.CIRCUIT_BREAKER, REASON.NOT_TRADING, REASON.NOT_IN_AUCTION];

/** Why an order expired, for a reason of REASON. @param wasPending it waited for the working order of its list */
export function expiryReason(order: Order, reason: number, wasPending: boolean): string {
  if (reason === REASON.LIST_DONE) return wasPending ? 'OTO_PHASE_ONE_EXPIRED' : 'OCO_TRIGGER';
  if (BY_VENUE.includes(reason)) return 'EXCHANGE_CANCELED';
  if (reason !== REASON.NO_LIQUIDITY) return 'REJECTED';
  if (order.kind === LIMIT && order.timeInForce === IOC) return 'UNFILLED_IOC_QUANTITY_EXPIRED';
  if (order.kind === LIMIT && order.timeInForce === FOK) return 'UNFILLED_FOK_ORDER_EXPIRED';
  return 'INSUFFICIENT_LIQUIDITY';
}
