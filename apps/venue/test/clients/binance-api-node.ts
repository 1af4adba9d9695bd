/** binance-api-node. */
import { type ClientKind, first, isPrivate, load, type Reports, type Stream, SYMBOL, toSocket } from './trading-client.ts';

const symbol = SYMBOL;

export const binanceApiNode: ClientKind = {
  package: 'binance-api-node',
  open: (place) => {
    const { url, key, secret } = place;
    const { default: Binance } = load('binance-api-node');
    const ws = toSocket(url);
    const signs = isPrivate(place) ? { privateKey: secret } : { apiSecret: secret };
    const client = Binance({ apiKey: key, ...signs, httpBase: url, wsBase: `${ws}/ws`, wsApi: `${ws}/ws-api/v3` });
    const enter = async (sent: object) => String((await client.order({ symbol, ...sent })).orderId);
    const ids = (entries: any[]) => entries.map(({ orderId }) => String(orderId));
    const streams: Record<Stream, (take: (price: number) => void) => unknown> = {
      trade: (take) => client.ws.trades([symbol], ({ price }: any) => take(Number(price))),
      depth: (take) => client.ws.depth(symbol, ({ bidDepth, askDepth }: any) => take(Number((bidDepth[0] ?? askDepth[0]).price))),
      kline: (take) => client.ws.candles(symbol, '1m', ({ close }: any) => take(Number(close))),
      ticker: (take) => client.ws.ticker(symbol, ({ curDayClose }: any) => take(Number(curDayClose))),
    };
    const reports = async (): Promise<Reports> => {
      const seen: Reports['seen'] = [];
      const close = await client.ws.user(({ eventType, orderId, orderStatus }: any) => {
        if (eventType === 'executionReport') seen.push({ orderId: String(orderId), status: orderStatus });
      });
      return { seen, close };
    };
    return {
      markets: async () => (await client.exchangeInfo()).symbols.map((market: any) => market.symbol),
      serverTime: () => client.time(),
      touch: async () => {
        const { bids, asks } = await client.book({ symbol });
        return { bid: Number(bids[0].price), ask: Number(asks[0].price) };
      },
      prices: async () => (await client.trades({ symbol })).map(({ price }: any) => Number(price)),
      volumes: async () => (await client.candles({ symbol, interval: '1m' })).map(({ volume }: any) => Number(volume)),
      lastPrice: async () => Number((await client.dailyStats({ symbol })).lastPrice),
      limit: (side, quantity, price) => enter({ side, quantity, price }),
      market: (side, quantity) => enter({ side, type: 'MARKET', quantity }),
      stop: (quantity, price, stopPrice) => enter({ side: 'SELL', type: 'STOP_LOSS_LIMIT', quantity, price, stopPrice }),
      status: async (orderId) => (await client.getOrder({ symbol, orderId })).status,
      cancel: (orderId) => client.cancelOrder({ symbol, orderId }),
      cancelAll: () => client.cancelOpenOrders({ symbol }),
      openOrders: async () => ids(await client.openOrders({ symbol })),
      tradedOrders: async () => ids(await client.myTrades({ symbol })),
      free: async (wanted) => Number((await client.accountInfo()).balances.find(({ asset }: any) => asset === wanted).free),
      lists: {
        // Its OCO is the one of before: the legs are a limit order at `price` and a stop order at `stopPrice`.
        place: async (quantity, price, stopPrice) =>
          String((await client.orderOco({ symbol, side: 'SELL', quantity, price, stopPrice, stopLimitPrice: stopPrice })).orderListId),
        cancel: (orderListId) => client.cancelOrderOco({ symbol, orderListId }),
      },
      watch: (stream) => first<number>(streams[stream], (close) => close({ delay: 0, fastClose: true })),
      reports: { 'userDataStream.subscribe.signature': reports },
      more: async () => {
        await client.ping();
        await client.prices();
        await client.allBookTickers();
        await client.avgPrice({ symbol });
        await client.aggTrades({ symbol });
        await client.tradesHistory({ symbol });
        await client.allOrders({ symbol });
        await client.tradeFee();
        await client.capitalConfigs();
        await client.orderTest({ symbol, side: 'BUY', quantity: 0.01, price: 1500 });
        const { orderId } = await client.order({ symbol, side: 'BUY', quantity: 0.01, price: 1500 });
        await client.updateOrder({ symbol, side: 'BUY', type: 'LIMIT', quantity: 0.01, price: 1501, cancelOrderId: orderId });
        await client.cancelOpenOrders({ symbol });
        const { listenKey } = await client.getDataStream();
        await client.keepDataStream({ listenKey });
        await client.closeDataStream({ listenKey });
      },
      failure: (error) => ({ isOwnType: error instanceof Error && 'url' in error, code: error.code }),
      close: () => undefined,
    };
  },
};
