/** Enumerations of the requests and answers. */

interface EnumFact {
  name: string;
  /** documented values that the venue has */
  values: string;
  /** values that it does not have, and why */
  without?: Record<string, string>;
}

const GROUPS = 'all accounts may trade all instruments';
const NO_SOR = 'no smart order routing';

export const enums: EnumFact[] = [
  {
    name: 'symbol status',
    values: 'TRADING HALT BREAK',
    without: { END_OF_DAY: 'a closed market is BREAK', CANCEL_ONLY: 'a market that takes nothing new is HALT' },
  },
  {
    name: 'permissions',
    values: 'SPOT',
    without: Object.fromEntries(
      ['MARGIN', 'LEVERAGED', ...Array.from({ length: 24 }, (_, i) => `TRD_GRP_${String(i + 2).padStart(3, '0')}`)].map((name) => [
        name,
        GROUPS,
      ]),
    ),
  },
  {
    name: 'order status',
    values: 'NEW PENDING_NEW PARTIALLY_FILLED FILLED CANCELED EXPIRED EXPIRED_IN_MATCH',
    without: { PENDING_CANCEL: 'unused, as on Binance', REJECTED: 'an order that is refused is not kept' },
  },
  {
    name: 'listStatusType',
    values: 'EXEC_STARTED ALL_DONE',
    without: { RESPONSE: 'a list that fails is answered with an error alone', UPDATED: 'an order of a list keeps its client order id' },
  },
  {
    name: 'listOrderStatus',
    values: 'EXECUTING ALL_DONE',
    without: { REJECT: 'a list that fails is answered with an error alone' },
  },
  { name: 'contingencyType', values: 'OCO OTO' },
  { name: 'allocationType', values: '', without: { SOR: NO_SOR } },
  { name: 'order types', values: 'LIMIT MARKET STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT LIMIT_MAKER' },
  { name: 'newOrderRespType', values: 'ACK RESULT FULL' },
  { name: 'working floor', values: '', without: { EXCHANGE: NO_SOR, SOR: NO_SOR } },
  { name: 'cancelReplaceMode', values: 'STOP_ON_FAILURE ALLOW_FAILURE' },
  { name: 'orderRateLimitExceededMode', values: 'DO_NOTHING CANCEL_ONLY' },
  { name: 'cancelRestrictions', values: 'ONLY_NEW ONLY_PARTIALLY_FILLED' },
  { name: 'side', values: 'BUY SELL' },
  { name: 'timeInForce', values: 'GTC IOC FOK' },
  {
    name: 'rateLimitType',
    values: 'REQUEST_WEIGHT ORDERS',
    without: { RAW_REQUESTS: 'every request has a weight, which is what is limited' },
  },
  { name: 'rate limit interval', values: 'SECOND MINUTE DAY' },
  {
    name: 'STP modes',
    values: 'NONE EXPIRE_MAKER EXPIRE_TAKER EXPIRE_BOTH DECREMENT',
    without: { TRANSFER: 'the engine moves nothing between accounts for a match' },
  },
  {
    name: 'execution types',
    values: 'NEW CANCELED REPLACED TRADE EXPIRED TRADE_PREVENTION',
    without: { REJECTED: 'an order that is refused is no event' },
  },
  { name: 'execution rules', values: '', without: { PRICE_RANGE: 'bands refuse orders by their price (PERCENT_PRICE), not trades' } },
  {
    name: 'expiry reasons',
    values:
      'REJECTED EXCHANGE_CANCELED OCO_TRIGGER OTO_PHASE_ONE_EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED UNFILLED_FOK_ORDER_EXPIRED INSUFFICIENT_LIQUIDITY',
    without: {
      NONE: 'an order that has not expired has no such field',
      EXECUTION_RULE_PRICE_RANGE_EXCEEDED: 'no rules of execution',
    },
  },
];
