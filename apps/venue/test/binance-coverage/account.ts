/** What an account asks about itself: operations of REST and the WebSocket API, with their documented parameters and answer fields. */
import type { OperationFact } from './fact.ts';

export const account: OperationFact[] = [
  {
    rest: 'GET /api/v3/account',
    ws: 'account.status',
    parameters: 'omitZeroBalances',
    answer:
      'makerCommission takerCommission buyerCommission sellerCommission commissionRates canTrade canWithdraw canDeposit brokered requireSelfTradePrevention preventSor updateTime accountType balances permissions uid',
  },
  {
    rest: 'GET /api/v3/order',
    ws: 'order.status',
    parameters: 'symbol orderId origClientOrderId',
    answer:
      'symbol orderId orderListId clientOrderId price origQty executedQty cummulativeQuoteQty status timeInForce type side stopPrice icebergQty time updateTime isWorking workingTime origQuoteOrderQty selfTradePreventionMode',
  },
  {
    rest: 'GET /api/v3/openOrders',
    ws: 'openOrders.status',
    parameters: 'symbol',
    answer:
      'symbol orderId orderListId clientOrderId price origQty executedQty cummulativeQuoteQty status timeInForce type side stopPrice icebergQty time updateTime isWorking origQuoteOrderQty workingTime selfTradePreventionMode',
  },
  {
    rest: 'GET /api/v3/allOrders',
    ws: 'allOrders',
    parameters: 'symbol orderId startTime endTime limit',
    answer:
      'symbol orderId orderListId clientOrderId price origQty executedQty cummulativeQuoteQty status timeInForce type side stopPrice icebergQty time updateTime isWorking origQuoteOrderQty workingTime selfTradePreventionMode',
  },
  {
    rest: 'GET /api/v3/myTrades',
    ws: 'myTrades',
    parameters: 'symbol orderId startTime endTime fromId limit',
    answer: 'symbol id orderId orderListId price qty quoteQty commission commissionAsset time isBuyer isMaker isBestMatch',
  },
  {
    rest: 'GET /api/v3/rateLimit/order',
    ws: 'account.rateLimits.orders',
    parameters: '',
    answer: 'rateLimitType interval intervalNum limit count',
  },
  {
    rest: 'GET /api/v3/myPreventedMatches',
    ws: 'myPreventedMatches',
    parameters: 'symbol preventedMatchId orderId fromPreventedMatchId limit',
    answer:
      'symbol preventedMatchId takerOrderId makerSymbol makerOrderId tradeGroupId selfTradePreventionMode price makerPreventedQuantity transactTime',
  },
  {
    rest: 'GET /api/v3/myAllocations',
    ws: 'myAllocations',
    parameters: 'symbol startTime endTime fromAllocationId limit orderId',
    answer:
      'symbol allocationId allocationType orderId orderListId price qty quoteQty commission commissionAsset time isBuyer isMaker isAllocator',
    empty: 'an instrument has one book: nothing is routed',
  },
  {
    rest: 'GET /api/v3/account/commission',
    ws: 'account.commission',
    parameters: 'symbol',
    answer: 'symbol standardCommission specialCommission taxCommission discount',
  },
  {
    rest: 'GET /api/v3/order/amendments',
    ws: 'order.amendments',
    parameters: 'symbol orderId fromExecutionId limit',
    answer: 'symbol orderId executionId origClientOrderId newClientOrderId origQty newQty time',
  },
  {
    rest: 'GET /api/v3/myFilters',
    ws: 'myFilters',
    parameters: 'symbol',
    answer: 'exchangeFilters symbolFilters assetFilters',
  },
];
