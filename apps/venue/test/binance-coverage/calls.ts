/** A call of each operation that succeeds and whose answer has an entry, by its REST name. */
import type { Sent } from '../support/both-doors.ts';

export interface Desk {
  /** What a signed request is answered; fails when it is refused. */
  accepted(method: string, path: string, sent: Record<string, string>): Promise<any>;
}

const symbol = 'ETHUSDT';
const resting = { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '1500', quantity: '0.05' };
const oco = {
  symbol,
  side: 'SELL',
  quantity: '0.05',
  aboveType: 'LIMIT_MAKER',
  abovePrice: '9000',
  belowType: 'STOP_LOSS',
  belowStopPrice: '500',
};
const working = {
  symbol,
  workingType: 'LIMIT',
  workingTimeInForce: 'GTC',
  workingSide: 'BUY',
  workingPrice: '1500',
  workingQuantity: '0.05',
};

const place = async (desk: Desk) => (await desk.accepted('POST', '/api/v3/order', resting)).orderId as number;
const placeList = async (desk: Desk) => (await desk.accepted('POST', '/api/v3/orderList/oco', oco)).orderListId as number;

type Call = (desk: Desk) => Sent | Promise<Sent>;

const nothing: Call = () => ({});
const ofSymbol: Call = () => ({ symbol });
const withOrder: Call = async (desk) => ({ symbol, orderId: await place(desk) });

export const CALLS: Record<string, Call> = {
  'GET /api/v3/ping': nothing,
  'GET /api/v3/time': nothing,
  'GET /api/v3/exchangeInfo': nothing,
  'GET /api/v3/executionRules': ofSymbol,
  'GET /api/v3/referencePrice': ofSymbol,
  'GET /api/v3/referencePrice/calculation': ofSymbol,
  'GET /api/v3/depth': () => ({ symbol, limit: 10 }),
  'GET /api/v3/trades': ofSymbol,
  'GET /api/v3/historicalTrades': ofSymbol,
  'GET /api/v3/historicalBlockTrades': () => ({ symbol, fromId: 0 }),
  'GET /api/v3/aggTrades': ofSymbol,
  'GET /api/v3/klines': () => ({ symbol, interval: '1m' }),
  'GET /api/v3/uiKlines': () => ({ symbol, interval: '1m' }),
  'GET /api/v3/avgPrice': ofSymbol,
  'GET /api/v3/ticker/24hr': ofSymbol,
  'GET /api/v3/ticker/tradingDay': ofSymbol,
  'GET /api/v3/ticker': ofSymbol,
  'GET /api/v3/ticker/price': ofSymbol,
  'GET /api/v3/ticker/bookTicker': ofSymbol,
  'POST /api/v3/order': () => ({ ...resting, newOrderRespType: 'FULL' }),
  'POST /api/v3/order/test': () => resting,
  'DELETE /api/v3/order': withOrder,
  'DELETE /api/v3/openOrders': async (desk) => {
    await place(desk);
    return { symbol };
  },
  'POST /api/v3/order/cancelReplace': async (desk) => ({
    ...resting,
    cancelReplaceMode: 'STOP_ON_FAILURE',
    cancelOrderId: await place(desk),
  }),
  'PUT /api/v3/order/amend/keepPriority': async (desk) => ({ symbol, orderId: await place(desk), newQty: '0.04' }),
  'POST /api/v3/orderList/oco': () => oco,
  'POST /api/v3/orderList/oto': () => ({ ...working, pendingType: 'MARKET', pendingSide: 'SELL', pendingQuantity: '0.05' }),
  'POST /api/v3/orderList/otoco': () => ({
    ...working,
    pendingSide: 'SELL',
    pendingQuantity: '0.05',
    pendingAboveType: 'LIMIT_MAKER',
    pendingAbovePrice: '9000',
    pendingBelowType: 'STOP_LOSS',
    pendingBelowStopPrice: '500',
  }),
  'POST /api/v3/order/oco': () => ({ symbol, side: 'SELL', quantity: '0.05', price: '9000', stopPrice: '500' }),
  'DELETE /api/v3/orderList': async (desk) => ({ symbol, orderListId: await placeList(desk) }),
  'GET /api/v3/account': nothing,
  'GET /api/v3/order': withOrder,
  'GET /api/v3/openOrders': async (desk) => {
    await place(desk);
    return {};
  },
  'GET /api/v3/allOrders': ofSymbol,
  'GET /api/v3/orderList': async (desk) => ({ orderListId: await placeList(desk) }),
  'GET /api/v3/allOrderList': nothing,
  'GET /api/v3/openOrderList': async (desk) => {
    await placeList(desk);
    return {};
  },
  'GET /api/v3/myTrades': ofSymbol,
  'GET /api/v3/myPreventedMatches': () => ({ symbol, preventedMatchId: 1 }),
  'GET /api/v3/myAllocations': ofSymbol,
  'GET /api/v3/rateLimit/order': nothing,
  'GET /api/v3/myFilters': ofSymbol,
  'GET /api/v3/account/commission': ofSymbol,
  'GET /api/v3/order/amendments': async (desk) => {
    const orderId = await place(desk);
    await desk.accepted('PUT', '/api/v3/order/amend/keepPriority', { symbol, orderId: String(orderId), newQty: '0.04' });
    return { symbol, orderId };
  },
};
