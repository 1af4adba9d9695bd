/** node-binance-api. */
import { type ClientKind, first, isPrivate, load, type Reports, type Stream, SYMBOL, toSocket } from './trading-client.ts';

const symbol = SYMBOL;

export const nodeBinanceApi: ClientKind = {
  package: 'node-binance-api',
  open: (place) => {
    const { url, key, secret } = place;
    const module = load('node-binance-api');
    const Binance = module.default ?? module;
    const ws = toSocket(url);
    const urls = { base: `${url}/api/`, sapi: `${url}/sapi/`, stream: `${ws}/ws/`, combineStream: `${ws}/stream?streams=` };
    const client = new Binance({
      APIKEY: key,
      ...(isPrivate(place) ? { PRIVATEKEY: secret } : { APISECRET: secret }),
      urls,
      log: () => undefined,
    });
    client.wsApi = `${ws}/ws-api/v3`; // no option of its constructor
    const ids = (entries: any[]) => entries.map(({ orderId }) => String(orderId));
    const idOf = ({ orderId }: any) => String(orderId);

    const streams: Record<Stream, (take: (price: number) => void) => unknown> = {
      trade: (take) => client.subscribe('ethusdt@trade', ({ p }: any) => take(Number(p))),
      depth: (take) => client.subscribe('ethusdt@depth@100ms', ({ b, a }: any) => take(Number((b[0] ?? a[0])[0]))),
      kline: (take) => client.subscribeCombined(['ethusdt@kline_1m'], ({ k }: any) => take(Number(k.c))),
      ticker: (take) => client.subscribe('ethusdt@ticker', ({ c }: any) => take(Number(c))),
    };
    const reports = async (): Promise<Reports> => {
      const seen: Reports['seen'] = [];
      const take = ({ i, X }: any) => seen.push({ orderId: String(i), status: X });
      await new Promise((resolve) => client.userData(undefined, () => undefined, take, resolve));
      return {
        seen,
        close: async () => {
          await client.spotCloseDataStream();
          client.terminateWsApi('userData');
        },
      };
    };
    return {
      markets: async () => (await client.exchangeInfo()).symbols.map((market: any) => market.symbol),
      serverTime: async () => (await client.time()).serverTime,
      touch: async () => {
        const { bids, asks } = await client.depth(symbol);
        return { bid: Number(bids[0].price), ask: Number(asks[0].price) };
      },
      prices: async () => (await client.recentTrades(symbol)).map(({ price }: any) => Number(price)),
      volumes: async () => (await client.candles(symbol, '1m')).map(({ volume }: any) => Number(volume)),
      lastPrice: async () => Number((await client.prevDay(symbol)).lastPrice),
      limit: async (side, quantity, price) => idOf(await client.limitOrder(side, symbol, quantity, price)),
      market: async (side, quantity) => idOf(await client.order('MARKET', side, symbol, quantity)),
      stop: async (quantity, price, stopPrice) =>
        idOf(await client.order('STOP_LOSS_LIMIT', 'SELL', symbol, quantity, price, { stopPrice })),
      status: async (orderId) => (await client.orderStatus(symbol, orderId)).status,
      cancel: (orderId) => client.cancel(symbol, orderId),
      cancelAll: () => client.cancelAll(symbol),
      openOrders: async () => ids(await client.openOrders(symbol)),
      tradedOrders: async () => ids(await client.myTrades(symbol)),
      free: async (asset) => Number((await client.balance())[asset].available),
      lists: {
        place: async (quantity, abovePrice, belowStopPrice) => {
          const legs = { aboveType: 'LIMIT_MAKER', abovePrice, belowType: 'STOP_LOSS', belowStopPrice };
          return String((await client.ocoOrder('SELL', symbol, quantity, legs)).orderListId);
        },
        cancel: (orderListId) => client.privateSpotRequest('v3/orderList', { symbol, orderListId }, 'DELETE'),
      },
      watch: (stream) =>
        first<number>(streams[stream], (socket) => {
          socket.reconnect = false;
          socket.terminate();
        }),
      reports: { 'userDataStream.subscribe.signature': reports },
      more: async () => {
        await client.ping();
        await client.useServerTime();
        await client.prices();
        await client.bookTickers();
        await client.avgPrice(symbol);
        await client.aggTrades(symbol);
        await client.historicalTrades(symbol);
        await client.allOrders(symbol);
        await client.tradeFee(symbol);
        await client.systemStatus();
        await client.marketBuyWithCost(symbol, 50);
      },
      failure: (error) => ({ isOwnType: error instanceof Error, code: Number(/"code":(-\d+)/.exec(error.message)?.[1]) }),
      close: () => undefined,
    };
  },
};
