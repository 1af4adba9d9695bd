/** Order lists: operations of REST and the WebSocket API, with their documented parameters and answer fields. */
import type { OperationFact } from './fact.ts';

export const orderLists: OperationFact[] = [
  {
    rest: 'POST /api/v3/order/oco',
    ws: 'orderList.place',
    parameters:
      'symbol listClientOrderId side quantity limitClientOrderId price limitStrategyId limitStrategyType limitIcebergQty trailingDelta stopClientOrderId stopPrice stopStrategyId stopStrategyType stopLimitPrice stopIcebergQty stopLimitTimeInForce newOrderRespType selfTradePreventionMode',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
  },
  {
    rest: 'POST /api/v3/orderList/oco',
    ws: 'orderList.place.oco',
    parameters:
      'symbol listClientOrderId side quantity aboveType aboveClientOrderId aboveIcebergQty abovePrice aboveStopPrice aboveTrailingDelta aboveTimeInForce aboveStrategyId aboveStrategyType abovePegPriceType abovePegOffsetType abovePegOffsetValue belowType belowClientOrderId belowIcebergQty belowPrice belowStopPrice belowTrailingDelta belowTimeInForce belowStrategyId belowStrategyType belowPegPriceType belowPegOffsetType belowPegOffsetValue newOrderRespType selfTradePreventionMode',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
  },
  {
    rest: 'POST /api/v3/orderList/oto',
    ws: 'orderList.place.oto',
    parameters:
      'symbol listClientOrderId newOrderRespType selfTradePreventionMode workingType workingSide workingClientOrderId workingPrice workingQuantity workingIcebergQty workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType workingPegOffsetValue pendingType pendingSide pendingClientOrderId pendingPrice pendingStopPrice pendingTrailingDelta pendingQuantity pendingIcebergQty pendingTimeInForce pendingStrategyId pendingStrategyType pendingPegPriceType pendingPegOffsetType pendingPegOffsetValue',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
  },
  {
    rest: 'POST /api/v3/orderList/otoco',
    ws: 'orderList.place.otoco',
    parameters:
      'symbol listClientOrderId newOrderRespType selfTradePreventionMode workingType workingSide workingClientOrderId workingPrice workingQuantity workingIcebergQty workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType workingPegOffsetValue pendingSide pendingQuantity pendingAboveType pendingAboveClientOrderId pendingAbovePrice pendingAboveStopPrice pendingAboveTrailingDelta pendingAboveIcebergQty pendingAboveTimeInForce pendingAboveStrategyId pendingAboveStrategyType pendingAbovePegPriceType pendingAbovePegOffsetType pendingAbovePegOffsetValue pendingBelowType pendingBelowClientOrderId pendingBelowPrice pendingBelowStopPrice pendingBelowTrailingDelta pendingBelowIcebergQty pendingBelowTimeInForce pendingBelowStrategyId pendingBelowStrategyType pendingBelowPegPriceType pendingBelowPegOffsetType pendingBelowPegOffsetValue',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
  },
  {
    rest: 'POST /api/v3/orderList/opo',
    ws: 'orderList.place.opo',
    parameters:
      'symbol listClientOrderId newOrderRespType selfTradePreventionMode workingType workingSide workingClientOrderId workingPrice workingQuantity workingIcebergQty workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType workingPegOffsetValue pendingType pendingSide pendingClientOrderId pendingPrice pendingStopPrice pendingTrailingDelta pendingIcebergQty pendingTimeInForce pendingStrategyId pendingStrategyType pendingPegPriceType pendingPegOffsetType pendingPegOffsetValue',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
    not: 'a waiting order has its quantity and holds nothing: the engine cannot lock what the working order receives for it',
  },
  {
    rest: 'POST /api/v3/orderList/opoco',
    ws: 'orderList.place.opoco',
    parameters:
      'symbol listClientOrderId newOrderRespType selfTradePreventionMode workingType workingSide workingClientOrderId workingPrice workingQuantity workingIcebergQty workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType workingPegOffsetValue pendingSide pendingAboveType pendingAboveClientOrderId pendingAbovePrice pendingAboveStopPrice pendingAboveTrailingDelta pendingAboveIcebergQty pendingAboveTimeInForce pendingAboveStrategyId pendingAboveStrategyType pendingAbovePegPriceType pendingAbovePegOffsetType pendingAbovePegOffsetValue pendingBelowType pendingBelowClientOrderId pendingBelowPrice pendingBelowStopPrice pendingBelowTrailingDelta pendingBelowIcebergQty pendingBelowTimeInForce pendingBelowStrategyId pendingBelowStrategyType pendingBelowPegPriceType pendingBelowPegOffsetType pendingBelowPegOffsetValue',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
    not: 'a waiting order has its quantity and holds nothing: the engine cannot lock what the working order receives for it',
  },
  {
    rest: 'DELETE /api/v3/orderList',
    ws: 'orderList.cancel',
    parameters: 'symbol orderListId listClientOrderId newClientOrderId',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders orderReports',
  },
  {
    rest: 'GET /api/v3/orderList',
    ws: 'orderList.status',
    parameters: 'orderListId origClientOrderId',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders',
  },
  {
    rest: 'GET /api/v3/allOrderList',
    ws: 'allOrderLists',
    parameters: 'fromId startTime endTime limit',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders',
  },
  {
    rest: 'GET /api/v3/openOrderList',
    ws: 'openOrderLists.status',
    parameters: '',
    answer: 'orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol orders',
  },
];
