/** @binance/connector, Binance's older client, which many programs still use. */
import { type ClientKind, first, isPrivate, load, type Orders, type Reports, type Stream, SYMBOL, toSocket } from './trading-client.ts';

const symbol = SYMBOL;
const quiet = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: console.error };

export const binanceConnector: ClientKind = {
  package: '@binance/connector',
  open: async (place) => {
    const { url, key, secret } = place;
    const { Spot, WebsocketStream, WebsocketAPI, PrivateKeyAlgo } = load('@binance/connector');
    const client = new Spot(key, secret, {
      baseURL: url,
      ...(isPrivate(place) && { privateKey: secret, privateKeyAlgo: PrivateKeyAlgo.ED25519 }),
    });
    const data = async (answer: Promise<any>) => (await answer).data;
    const enter = async (side: string, type: string, sent: object) =>
      String((await data(client.newOrder(symbol, side, type, sent))).orderId);
    const ids = (entries: any[]) => entries.map(({ orderId }) => String(orderId));

    const streams: Record<Stream, [(stream: any) => void, (message: any) => number]> = {
      trade: [(stream) => stream.trade(symbol), ({ p }) => Number(p)],
      depth: [(stream) => stream.diffBookDepth(symbol, '100ms'), ({ b, a }) => Number((b[0] ?? a[0])[0])],
      kline: [(stream) => stream.kline(symbol, '1m'), ({ k }) => Number(k.c)],
      ticker: [(stream) => stream.ticker(symbol), ({ c }) => Number(c)],
    };
    const watch = (name: Stream) => {
      const [subscribe, priceOf] = streams[name];
      return first<number>(
        (take) => {
          const callbacks = { message: (text: string) => take(priceOf(JSON.parse(text))) };
          const stream = new WebsocketStream({ logger: quiet, callbacks, wsURL: toSocket(url) });
          subscribe(stream);
          return stream;
        },
        (stream) => stream.disconnect(),
      );
    };

    const listen = async (): Promise<Reports> => {
      const { listenKey } = await data(client.createListenKey());
      const seen: Reports['seen'] = [];
      const stream = await new Promise<any>((resolve) => {
        const callbacks = {
          open: resolve,
          message: (text: string) => {
            const { e, i, X } = JSON.parse(text);
            if (e === 'executionReport') seen.push({ orderId: String(i), status: X });
          },
        };
        new WebsocketStream({ logger: quiet, callbacks, wsURL: toSocket(url) }).userData(listenKey);
      });
      await client.renewListenKey(listenKey);
      return {
        seen,
        close: async () => {
          stream.disconnect();
          await client.closeListenKey(listenKey);
        },
      };
    };

    const waiting = new Map<string, { resolve: (result: any) => void; reject: (error: unknown) => void }>();
    const api = await new Promise<any>((resolve) => {
      const message = (text: string) => {
        const { id, status, result, error } = JSON.parse(text);
        if (status === 200) waiting.get(id)?.resolve(result);
        else waiting.get(id)?.reject(error);
      };
      new WebsocketAPI(key, secret, { logger: quiet, callbacks: { open: resolve, message }, wsURL: `${toSocket(url)}/ws-api/v3` });
    });
    let requests = 0;
    const send = (method: string, args: any[], sent: object = {}): Promise<any> => {
      const id = `request-${++requests}`;
      const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
      api[method](...args, { id, ...sent });
      return answer;
    };
    const socket: Orders = {
      limit: async (side, quantity, price) =>
        String((await send('newOrder', [symbol, side, 'LIMIT'], { timeInForce: 'GTC', quantity, price })).orderId),
      status: async (orderId) => (await send('getOrder', [symbol], { orderId })).status,
      cancel: (orderId) => send('cancelOrder', [symbol], { orderId }),
    };

    return {
      markets: async () => (await data(client.exchangeInfo())).symbols.map((market: any) => market.symbol),
      serverTime: async () => (await data(client.time())).serverTime,
      touch: async () => {
        const { bids, asks } = await data(client.depth(symbol));
        return { bid: Number(bids[0][0]), ask: Number(asks[0][0]) };
      },
      prices: async () => (await data(client.trades(symbol))).map(({ price }: any) => Number(price)),
      volumes: async () => (await data(client.klines(symbol, '1m'))).map((candle: any) => Number(candle[5])),
      lastPrice: async () => Number((await data(client.ticker24hr(symbol))).lastPrice),
      limit: (side, quantity, price) => enter(side, 'LIMIT', { timeInForce: 'GTC', quantity, price }),
      market: (side, quantity) => enter(side, 'MARKET', { quantity }),
      stop: (quantity, price, stopPrice) => enter('SELL', 'STOP_LOSS_LIMIT', { timeInForce: 'GTC', quantity, price, stopPrice }),
      status: async (orderId) => (await data(client.getOrder(symbol, { orderId }))).status,
      cancel: (orderId) => client.cancelOrder(symbol, { orderId }),
      cancelAll: () => client.cancelOpenOrders(symbol),
      openOrders: async () => ids(await data(client.openOrders({ symbol }))),
      tradedOrders: async () => ids(await data(client.myTrades(symbol))),
      free: async (wanted) => Number((await data(client.account())).balances.find(({ asset }: any) => asset === wanted).free),
      lists: {
        place: async (quantity, abovePrice, belowStopPrice) => {
          const answer = client.newOCOOrder(symbol, 'SELL', quantity, 'LIMIT_MAKER', 'STOP_LOSS', { abovePrice, belowStopPrice });
          return String((await data(answer)).orderListId);
        },
        open: async () => (await data(client.getOpenOCOOrders())).map(({ orderListId }: any) => String(orderListId)),
        cancel: (orderListId) => client.cancelOCOOrder(symbol, { orderListId }),
      },
      watch,
      reports: { 'a listen key': listen },
      ...(!isPrivate(place) && { socket }), // there it signs by HMAC alone
      more: async () => {
        await client.systemStatus();
        await client.tradeFee({ symbol });
        await client.coinInfo();
        await client.allOrders(symbol);
        await client.orderCount();
        await client.tickerPrice('', [SYMBOL, 'BTCUSDT']);
        await client.rollingWindowTicker('', [SYMBOL, 'BTCUSDT']);
        await client.exchangeInfo({ symbols: [SYMBOL, 'BTCUSDT'] });
        await send('exchangeInfo', [], { symbols: [SYMBOL] });
        await send('account', []);
        await send('openOrders', [symbol]);
        await send('klines', [symbol, '1m']);
        await send('ticker', [], { symbol });
      },
      failure: (error) => ({ isOwnType: error.name === 'AxiosError', code: error.response?.data.code }),
      close: () => api.disconnect(),
    };
  },
};
