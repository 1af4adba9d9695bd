/** What operations on orders, lists and accounts answer. */
import { ORDER_STATUS_NAMES } from '../../../domain/order-status.ts';
import * as a from '../../http/answers.ts';
import { ALL_TIMES, PEG_NAMES, SIDE_NAMES } from '../format.ts';
import { CONTINGENCIES, SELF_TRADE_MODES, TYPES } from '../special-order.ts';

const { optional } = a;

const side = a.oneOf(SIDE_NAMES);
const selfTradePreventionMode = a.oneOf(Object.keys(SELF_TRADE_MODES));
const orderId = a.id('Number of the order');
const tradeGroupId = a.idOrNone('Number of the group of accounts');
const orderListId = a.idOrNone('Number of its list');

const preventedMatchId = a.id('Number of the match within its instrument');
const losses = { takerPreventedQuantity: optional(a.quantity), makerPreventedQuantity: optional(a.quantity) };

const terms = {
  price: a.price,
  origQty: a.quantity,
  executedQty: a.quantity,
  cummulativeQuoteQty: a.money,
  status: a.oneOf(ORDER_STATUS_NAMES),
  timeInForce: a.oneOf(ALL_TIMES),
  type: a.oneOf(TYPES),
  side,
  strategyId: optional(a.id('Number of its strategy, as the client has it')),
  strategyType: optional(a.id('Kind of its strategy, as the client has it')),
};

/** Of orders that have such terms. */
const specialTerms = {
  trailingDelta: optional(a.id('Distance of a trailing trigger in basis points')),
  trailingAmount: optional(a.price),
  pegPriceType: optional(a.oneOf(PEG_NAMES.slice(1))),
  peggedPrice: optional(a.price),
  minQty: optional(a.quantity),
  hidden: optional(a.always(true)),
  goodTillDate: optional(a.time),
};

/** Of orders that self-trade prevention took lots off. */
const prevented = { preventedMatchId: optional(preventedMatchId), preventedQuantity: optional(a.quantity) };

/** Told where they are not zero. */
const shown = { stopPrice: optional(a.price), icebergQty: optional(a.quantity) };

export const order = a.object({
  symbol: a.symbol,
  orderId,
  orderListId,
  clientOrderId: a.clientId,
  ...terms,
  stopPrice: a.price,
  icebergQty: a.quantity,
  time: a.time,
  updateTime: a.time,
  isWorking: a.flag,
  workingTime: a.timeOrNone,
  origQuoteOrderQty: a.money,
  selfTradePreventionMode,
  ...specialTerms,
  ...prevented,
});

const acknowledged = { symbol: a.symbol, orderId, orderListId, clientOrderId: a.clientId, transactTime: a.time };
const entered = {
  ...acknowledged,
  ...terms,
  ...shown,
  origQuoteOrderQty: a.money,
  workingTime: a.timeOrNone,
  selfTradePreventionMode,
  ...specialTerms,
  ...prevented,
};
const fill = a.object({
  price: a.price,
  qty: a.quantity,
  commission: a.change('Below zero: a rebate'),
  commissionAsset: a.asset,
  tradeId: a.id('Number of the trade'),
});

/** Matches that the order was kept from. */
const kept = {
  preventedMatches: optional(
    a.list(
      a.object({ preventedMatchId, makerSymbol: a.symbol, makerOrderId: a.id('Number of the other order'), price: a.price, ...losses }),
    ),
  ),
  tradeGroupId: optional(tradeGroupId),
};

/** Of a list an order has at most RESULT. */
const report = a.either(a.object(acknowledged), a.object(entered));
/** By newOrderRespType: ACK, RESULT, FULL. */
export const newOrder = a.either(a.object(acknowledged), a.object(entered), a.object({ ...entered, fills: a.list(fill), ...kept }));

export const cancelled = a.object({
  ...acknowledged,
  origClientOrderId: a.clientId,
  ...terms,
  ...shown,
  origQuoteOrderQty: a.money,
  selfTradePreventionMode,
  ...prevented,
});

const success = a.always('SUCCESS');
export const replaced = a.object({
  cancelResult: success,
  newOrderResult: success,
  cancelResponse: cancelled,
  newOrderResponse: newOrder,
});

const { cummulativeQuoteQty: cumulativeQuoteQty, origQty: qty, ...otherTerms } = terms;
export const amended = a.object({
  transactTime: a.time,
  executionId: a.id('Number of the amendment'),
  amendedOrder: a.object({
    symbol: a.symbol,
    orderId,
    orderListId,
    origClientOrderId: a.clientId,
    clientOrderId: a.clientId,
    ...otherTerms,
    qty,
    cumulativeQuoteQty,
    preventedQty: a.quantity,
    quoteOrderQty: a.money,
    workingTime: a.timeOrNone,
    selfTradePreventionMode,
  }),
});

export const amendment = a.object({
  symbol: a.symbol,
  orderId,
  executionId: a.id('Number of the amendment'),
  origClientOrderId: a.clientId,
  newClientOrderId: a.clientId,
  origQty: a.quantity,
  newQty: a.quantity,
  time: a.time,
});

export const preventedMatch = a.object({
  symbol: a.symbol,
  preventedMatchId,
  takerOrderId: a.id('Number of the order that came'),
  makerSymbol: a.symbol,
  makerOrderId: a.id('Number of the order that rested'),
  tradeGroupId,
  selfTradePreventionMode,
  price: a.price,
  ...losses,
  transactTime: a.time,
});

export const endedCount = a.object({ cancelled: a.count });

const ofList = {
  orderListId: a.id('Number of the list'),
  contingencyType: a.oneOf([...new Set(Object.values(CONTINGENCIES))]),
  listStatusType: a.oneOf(['EXEC_STARTED', 'ALL_DONE']),
  listOrderStatus: a.oneOf(['EXECUTING', 'ALL_DONE']),
  listClientOrderId: a.clientId,
  transactionTime: a.time,
  symbol: a.symbol,
  orders: a.list(a.object({ symbol: a.symbol, orderId, clientOrderId: a.clientId })),
};
export const orderList = a.object(ofList);
export const newList = a.object({ ...ofList, orderReports: a.list(report) });
export const cancelledList = a.object({ ...ofList, orderReports: a.list(cancelled) });

const rate = a.amount('Of what is received');
const rates = a.object({ maker: rate, taker: rate, buyer: rate, seller: rate });
const commission = {
  standardCommission: rates,
  specialCommission: rates,
  taxCommission: rates,
  discount: a.object({ enabledForAccount: a.flag, enabledForSymbol: a.flag, discountAsset: a.always(''), discount: rate }),
};
export const commissionRates = a.object({ symbol: a.symbol, ...commission });
/** With computeCommissionRates, rates. */
export const tested = a.either(a.nothing, a.object(commission));

export const account = a.object({
  makerCommission: a.count,
  takerCommission: a.count,
  buyerCommission: a.count,
  sellerCommission: a.count,
  commissionRates: rates,
  canTrade: a.flag,
  canWithdraw: a.flag,
  canDeposit: a.flag,
  brokered: a.flag,
  requireSelfTradePrevention: a.flag,
  preventSor: a.flag,
  updateTime: a.time,
  accountType: a.always('SPOT'),
  balances: a.list(a.object({ asset: a.asset, free: a.amount('Available'), locked: a.amount('Held by open orders') })),
  permissions: a.list(a.always('SPOT')),
  uid: a.id('Number of the account'),
  tradeGroupId,
});

export const myTrade = a.object({
  symbol: a.symbol,
  id: a.id('Number of the trade'),
  orderId,
  orderListId,
  price: a.price,
  qty: a.quantity,
  quoteQty: a.money,
  commission: a.change('Below zero: a rebate'),
  commissionAsset: a.asset,
  time: a.time,
  isBuyer: a.flag,
  isMaker: a.flag,
  isBestMatch: a.flag,
});

export const position = a.object({
  symbol: a.symbol,
  positionQty: a.change('Bought less sold'),
  averageCost: a.orNull(a.price),
  cost: a.change('In the quote asset'),
  realizedProfit: a.change('In the quote asset'),
});

export const listenKey = a.object({ listenKey: a.clientId });

export const tradeFee = a.object({ symbol: a.symbol, makerCommission: a.change('Of what is received'), takerCommission: rate });

export const coin = a.object({
  coin: a.asset,
  depositAllEnable: a.always(false),
  free: a.amount('Available'),
  freeze: a.amount('Zero'),
  ipoable: a.amount('Zero'),
  ipoing: a.amount('Zero'),
  isLegalMoney: a.always(false),
  locked: a.amount('Held by open orders'),
  name: a.asset,
  networkList: a.none('No network leads in or out'),
  storage: a.amount('Zero'),
  trading: a.always(true),
  withdrawAllEnable: a.always(false),
  withdrawing: a.amount('Zero'),
});
