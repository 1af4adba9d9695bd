/** Entering, amending and cancelling orders: operations of REST and the WebSocket API, with their documented parameters and answer fields. */
import type { OperationFact } from './fact.ts';

export const orders: OperationFact[] = [
  {
    rest: 'POST /api/v3/order',
    ws: 'order.place',
    parameters:
      'symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType',
    answer:
      'symbol orderId orderListId clientOrderId transactTime price origQty executedQty origQuoteOrderQty cummulativeQuoteQty status timeInForce type side workingTime selfTradePreventionMode fills',
  },
  {
    rest: 'POST /api/v3/order/test',
    ws: 'order.test',
    parameters:
      'symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType computeCommissionRates',
    answer: '',
  },
  {
    rest: 'DELETE /api/v3/order',
    ws: 'order.cancel',
    parameters: 'symbol orderId origClientOrderId newClientOrderId cancelRestrictions',
    answer:
      'symbol origClientOrderId orderId orderListId clientOrderId transactTime price origQty executedQty origQuoteOrderQty cummulativeQuoteQty status timeInForce type side selfTradePreventionMode',
  },
  {
    rest: 'DELETE /api/v3/openOrders',
    ws: 'openOrders.cancelAll',
    parameters: 'symbol',
    answer:
      'symbol origClientOrderId orderId orderListId clientOrderId transactTime price origQty executedQty origQuoteOrderQty cummulativeQuoteQty status timeInForce type side selfTradePreventionMode',
  },
  {
    rest: 'POST /api/v3/order/cancelReplace',
    ws: 'order.cancelReplace',
    parameters:
      'symbol side type cancelReplaceMode timeInForce quantity quoteOrderQty price cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId newClientOrderId strategyId strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode cancelRestrictions orderRateLimitExceededMode pegPriceType pegOffsetValue pegOffsetType',
    answer: 'cancelResult newOrderResult cancelResponse newOrderResponse',
  },
  {
    rest: 'PUT /api/v3/order/amend/keepPriority',
    ws: 'order.amend.keepPriority',
    parameters: 'symbol orderId origClientOrderId newClientOrderId newQty',
    answer: 'transactTime executionId amendedOrder',
  },
  {
    rest: 'POST /api/v3/sor/order',
    ws: 'sor.order.place',
    parameters:
      'symbol side type timeInForce quantity price newClientOrderId strategyId strategyType icebergQty newOrderRespType selfTradePreventionMode',
    answer:
      'symbol orderId orderListId clientOrderId transactTime price origQty executedQty origQuoteOrderQty cummulativeQuoteQty status timeInForce type side workingTime fills workingFloor selfTradePreventionMode usedSor',
    not: 'one book for each instrument: exchangeInfo has no `sors`, as documented where routing is not available',
  },
  {
    rest: 'POST /api/v3/sor/order/test',
    ws: 'sor.order.test',
    parameters:
      'symbol side type timeInForce quantity price newClientOrderId strategyId strategyType icebergQty newOrderRespType selfTradePreventionMode computeCommissionRates',
    answer: '',
    not: 'one book for each instrument: exchangeInfo has no `sors`, as documented where routing is not available',
  },
];
