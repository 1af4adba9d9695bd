import { alpha, letter, MessageSet, message, u32, u64 } from './layout.ts';

/**
 * Nasdaq OUCH 4.2, both directions. Sections are those of the specification (OUCH4.2). Orders are known by a token of 14 letters and
 * digits; prices are four bytes with four implied decimals; times nanoseconds since midnight. All messages have fixed lengths.
 */

const token = alpha(14);
const stock = alpha(8);
const firm = alpha(4);

// Client to venue (section 2).
export const enterOrder = message('enter_order', 'O', '2.1', {
  token,
  side: letter,
  shares: u32,
  stock,
  price: u32,
  timeInForce: u32,
  firm,
  display: letter,
  capacity: letter,
  sweep: letter,
  minQuantity: u32,
  crossType: letter,
  customerType: letter,
});
export const replaceOrder = message('replace_order', 'U', '2.2', {
  existingToken: token,
  token,
  shares: u32,
  price: u32,
  timeInForce: u32,
  display: letter,
  sweep: letter,
  minQuantity: u32,
});
export const cancelOrder = message('cancel_order', 'X', '2.3', { token, shares: u32 });
export const modifyOrder = message('modify_order', 'M', '2.4', { token, side: letter, shares: u32 });
export const tradeNow = message('trade_now', 'N', '2.5', { token });

// Venue to client (section 3).
const ENTERED = {
  side: letter,
  shares: u32,
  stock,
  price: u32,
  timeInForce: u32,
  firm,
  display: letter,
  orderRef: u64,
  capacity: letter,
  sweep: letter,
  minQuantity: u32,
  crossType: letter,
  state: letter,
};
export const systemEvent = message('system_event', 'S', '3.1', { timestamp: u64, event: letter });
export const accepted = message('accepted', 'A', '3.2', { timestamp: u64, token, ...ENTERED, bboWeight: letter });
export const replaced = message('replaced', 'U', '3.3', { timestamp: u64, token, ...ENTERED, previousToken: token, bboWeight: letter });
export const cancelled = message('canceled', 'C', '3.4', { timestamp: u64, token, shares: u32, reason: letter });
export const aiqCancelled = message('aiq_canceled', 'D', '3.5', {
  timestamp: u64,
  token,
  shares: u32,
  reason: letter,
  prevented: u32,
  price: u32,
  liquidity: letter,
});
export const executed = message('executed', 'E', '3.6', { timestamp: u64, token, shares: u32, price: u32, liquidity: letter, match: u64 });
export const brokenTrade = message('broken_trade', 'B', '3.7', { timestamp: u64, token, match: u64, reason: letter });
export const executedReference = message('executed_with_reference', 'G', '3.8', {
  timestamp: u64,
  token,
  shares: u32,
  price: u32,
  liquidity: letter,
  match: u64,
  reference: u32,
  referenceType: letter,
});
export const tradeCorrection = message('trade_correction', 'F', '3.9', {
  timestamp: u64,
  token,
  shares: u32,
  price: u32,
  liquidity: letter,
  match: u64,
  reason: letter,
});
export const rejected = message('rejected', 'J', '3.10', { timestamp: u64, token, reason: letter });
export const cancelPending = message('cancel_pending', 'P', '3.11', { timestamp: u64, token });
export const cancelReject = message('cancel_reject', 'I', '3.12', { timestamp: u64, token });
export const priorityUpdate = message('order_priority_update', 'T', '3.13', {
  timestamp: u64,
  token,
  price: u32,
  display: letter,
  orderRef: u64,
});
export const modified = message('order_modified', 'M', '3.14', { timestamp: u64, token, side: letter, shares: u32 });

export const inbound = new MessageSet([enterOrder, replaceOrder, cancelOrder, modifyOrder, tradeNow]);
export const outbound = new MessageSet([
  systemEvent,
  accepted,
  replaced,
  cancelled,
  aiqCancelled,
  executed,
  brokenTrade,
  executedReference,
  tradeCorrection,
  rejected,
  cancelPending,
  cancelReject,
  priorityUpdate,
  modified,
]);
