import { alpha, letter, MessageSet, message, u16, u32, u48, u64 } from './layout.ts';

/**
 * Nasdaq TotalView-ITCH 5.0: every message. Sections are those of the specification (NQTVITCHSpecification). Prices have four implied
 * decimals, those of the market-wide circuit breaker eight; times are nanoseconds since midnight.
 */

/** What every message begins with: the instrument's number of the day (0: none), a number of the venue's own, a time. */
const HEAD = { locate: u16, tracking: u16, timestamp: u48 };
const LOCATE = 1;
const TIMESTAMP = 5;

/** The instrument's number of the day in any message; 0: it is of the whole market. */
export function locateOf(view: DataView, at: number): number {
  return view.getUint16(at + LOCATE);
}

/** The time of any message, nanoseconds since midnight. */
export function timestampOf(view: DataView, at: number): number {
  return u48.get(view, at + TIMESTAMP);
}

const stock = alpha(8);

export const systemEvent = message('system_event', 'S', '1.1', { ...HEAD, event: letter });
export const stockDirectory = message('stock_directory', 'R', '1.2.1', {
  ...HEAD,
  stock,
  marketCategory: letter,
  financialStatus: letter,
  roundLotSize: u32,
  roundLotsOnly: letter,
  issueClassification: letter,
  issueSubType: alpha(2),
  authenticity: letter,
  shortSaleThreshold: letter,
  ipoFlag: letter,
  luldTier: letter,
  etpFlag: letter,
  etpLeverage: u32,
  inverse: letter,
});
export const tradingAction = message('stock_trading_action', 'H', '1.2.2', {
  ...HEAD,
  stock,
  state: letter,
  reserved: letter,
  reason: alpha(4),
});
export const regSho = message('reg_sho_restriction', 'Y', '1.2.3', { ...HEAD, stock, action: letter });
export const participantPosition = message('market_participant_position', 'L', '1.2.4', {
  ...HEAD,
  mpid: alpha(4),
  stock,
  primary: letter,
  mode: letter,
  state: letter,
});
export const mwcbDeclineLevel = message('mwcb_decline_level', 'V', '1.2.5.1', { ...HEAD, level1: u64, level2: u64, level3: u64 });
export const mwcbStatus = message('mwcb_status', 'W', '1.2.5.2', { ...HEAD, breachedLevel: letter });
export const ipoQuotingPeriod = message('ipo_quoting_period', 'K', '1.2.6', {
  ...HEAD,
  stock,
  releaseTime: u32,
  qualifier: letter,
  price: u32,
});
export const luldCollar = message('luld_auction_collar', 'J', '1.2.7', {
  ...HEAD,
  stock,
  reference: u32,
  upper: u32,
  lower: u32,
  extension: u32,
});
export const operationalHalt = message('operational_halt', 'h', '1.2.8', { ...HEAD, stock, marketCode: letter, action: letter });
export const addOrder = message('add_order', 'A', '1.3.1', { ...HEAD, reference: u64, side: letter, shares: u32, stock, price: u32 });
export const addOrderMpid = message('add_order_mpid', 'F', '1.3.2', {
  ...HEAD,
  reference: u64,
  side: letter,
  shares: u32,
  stock,
  price: u32,
  attribution: alpha(4),
});
export const orderExecuted = message('order_executed', 'E', '1.4.1', { ...HEAD, reference: u64, shares: u32, match: u64 });
export const orderExecutedPrice = message('order_executed_price', 'C', '1.4.2', {
  ...HEAD,
  reference: u64,
  shares: u32,
  match: u64,
  printable: letter,
  price: u32,
});
export const orderCancel = message('order_cancel', 'X', '1.4.3', { ...HEAD, reference: u64, shares: u32 });
export const orderDelete = message('order_delete', 'D', '1.4.4', { ...HEAD, reference: u64 });
export const orderReplace = message('order_replace', 'U', '1.4.5', {
  ...HEAD,
  reference: u64,
  newReference: u64,
  shares: u32,
  price: u32,
});
export const trade = message('trade', 'P', '1.5.1', { ...HEAD, reference: u64, side: letter, shares: u32, stock, price: u32, match: u64 });
export const crossTrade = message('cross_trade', 'Q', '1.5.2', { ...HEAD, shares: u64, stock, price: u32, match: u64, crossType: letter });
export const brokenTrade = message('broken_trade', 'B', '1.5.3', { ...HEAD, match: u64 });
export const imbalance = message('net_order_imbalance', 'I', '1.6', {
  ...HEAD,
  paired: u64,
  imbalance: u64,
  direction: letter,
  stock,
  farPrice: u32,
  nearPrice: u32,
  referencePrice: u32,
  crossType: letter,
  variation: letter,
});
export const retailInterest = message('retail_price_improvement', 'N', '1.7', { ...HEAD, stock, interest: letter });
export const directListing = message('direct_listing_price_discovery', 'O', '1.8', {
  ...HEAD,
  stock,
  openEligible: letter,
  minimumPrice: u32,
  maximumPrice: u32,
  nearPrice: u32,
  nearTime: u64,
  lowerCollar: u32,
  upperCollar: u32,
});

export const itch = new MessageSet([
  systemEvent,
  stockDirectory,
  tradingAction,
  regSho,
  participantPosition,
  mwcbDeclineLevel,
  mwcbStatus,
  ipoQuotingPeriod,
  luldCollar,
  operationalHalt,
  addOrder,
  addOrderMpid,
  orderExecuted,
  orderExecutedPrice,
  orderCancel,
  orderDelete,
  orderReplace,
  trade,
  crossTrade,
  brokenTrade,
  imbalance,
  retailInterest,
  directListing,
]);

/** Longest message. */
export const ITCH_MAX_BYTES = Math.max(...itch.all.map(({ length }) => length));

/** GLIMPSE 5.0: ITCH messages that make up the book as it is, then this: the sequence number that the feed goes on with. */
export const endOfSnapshot = message('end_of_snapshot', 'G', 'GLIMPSE 2.2', { sequence: alpha(20) });
export const glimpse = new MessageSet([...itch.all, endOfSnapshot]);
