/** @binance/spot, Binance's own client of REST, the WebSocket API and streams. */
import { type ClientKind, first, isPrivate, load, type Orders, type Reports, type Stream, SYMBOL, toSocket } from './trading-client.ts';

const symbol = SYMBOL;

export const binanceSpot: ClientKind = {
  package: '@binance/spot',
  open: async (place) => {
    const { url, key, secret } = place;
    const { Spot } = load('@binance/spot');
    const common = load('@binance/common');
    common.Logger.getInstance().setMinLogLevel('warn');
    const signs = { apiKey: key, ...(isPrivate(place) ? { privateKey: secret } : { apiSecret: secret }) };
    const client = new Spot({
      configurationRestAPI: { ...signs, basePath: url },
      configurationWebsocketAPI: { ...signs, wsURL: `${toSocket(url)}/ws-api/v3` },
      configurationWebsocketStreams: { wsURL: toSocket(url) },
    });
    const rest = client.restAPI;
    const ask = async (method: string, sent?: object) => await (await rest[method](sent)).data();
    const enter = async (sent: object) => String((await ask('newOrder', { symbol, ...sent })).orderId);
    const ids = async (method: string, name = 'orderId') => (await ask(method, { symbol })).map((entry: any) => String(entry[name]));

    const streams: Record<Stream, [string, object, (message: any) => number]> = {
      trade: ['trade', { symbol }, ({ p }) => Number(p)],
      depth: ['diffBookDepth', { symbol, updateSpeed: '100ms' }, ({ b, a }) => Number((b[0] ?? a[0])[0])],
      kline: ['kline', { symbol, interval: '1m' }, ({ k }) => Number(k.c)],
      ticker: ['ticker', { symbol }, ({ c }) => Number(c)],
    };
    const watch = async (stream: Stream) => {
      const [method, sent, priceOf] = streams[stream];
      const connection = await client.websocketStreams.connect();
      return await first<number>(
        (take) => connection[method](sent).on('message', (message: unknown) => take(priceOf(message))),
        () => connection.disconnect(),
      );
    };

    const reports = (subscribe: (connection: any) => Promise<any>) => async (): Promise<Reports> => {
      const connection = await client.websocketAPI.connect();
      const seen: Reports['seen'] = [];
      const { stream } = await subscribe(connection);
      stream.on('message', ({ e, i, X }: any) => e === 'executionReport' && seen.push({ orderId: String(i), status: X }));
      return { seen, close: () => connection.disconnect() };
    };

    const api = await client.websocketAPI.connect();
    const socket: Orders = {
      limit: async (side, quantity, price) => {
        const { data } = await api.orderPlace({ symbol, side, type: 'LIMIT', timeInForce: 'GTC', quantity, price });
        return String(data.orderId);
      },
      status: async (orderId) => (await api.orderStatus({ symbol, orderId: Number(orderId) })).data.status,
      cancel: (orderId) => api.orderCancel({ symbol, orderId: Number(orderId) }),
    };

    return {
      markets: async () => (await ask('exchangeInfo')).symbols.map((market: any) => market.symbol),
      serverTime: async () => (await ask('time')).serverTime,
      touch: async () => {
        const { bids, asks } = await ask('depth', { symbol });
        return { bid: Number(bids[0][0]), ask: Number(asks[0][0]) };
      },
      prices: async () => (await ask('getTrades', { symbol })).map(({ price }: any) => Number(price)),
      volumes: async () => (await ask('klines', { symbol, interval: '1m' })).map((candle: any) => Number(candle[5])),
      lastPrice: async () => Number((await ask('ticker24hr', { symbol })).lastPrice),
      limit: (side, quantity, price) => enter({ side, type: 'LIMIT', timeInForce: 'GTC', quantity, price }),
      market: (side, quantity) => enter({ side, type: 'MARKET', quantity }),
      stop: (quantity, price, stopPrice) =>
        enter({ side: 'SELL', type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', quantity, price, stopPrice }),
      status: async (orderId) => (await ask('getOrder', { symbol, orderId })).status,
      cancel: (orderId) => ask('deleteOrder', { symbol, orderId }),
      cancelAll: () => ask('deleteOpenOrders', { symbol }),
      openOrders: () => ids('getOpenOrders'),
      tradedOrders: () => ids('myTrades'),
      free: async (wanted) => Number((await ask('getAccount')).balances.find(({ asset }: any) => asset === wanted).free),
      lists: {
        place: async (quantity, abovePrice, belowStopPrice) => {
          const legs = { aboveType: 'LIMIT_MAKER', abovePrice, belowType: 'STOP_LOSS', belowStopPrice };
          return String((await ask('orderListOco', { symbol, side: 'SELL', quantity, ...legs })).orderListId);
        },
        open: async () => (await ask('openOrderList')).map(({ orderListId }: any) => String(orderListId)),
        cancel: (orderListId) => ask('deleteOrderList', { symbol, orderListId }),
      },
      watch,
      reports: {
        'userDataStream.subscribe.signature': reports((connection) => connection.userDataStreamSubscribeSignature()),
        'session.logon and userDataStream.subscribe': reports(async (connection) => {
          await connection.sessionLogon();
          return await connection.userDataStreamSubscribe();
        }),
      },
      socket,
      more: async () => {
        await ask('accountCommission', { symbol });
        await ask('allOrders', { symbol });
        await ask('allOrderList');
        await ask('rateLimitOrder');
        await ask('aggTrades', { symbol });
        await ask('ticker', { symbols: [SYMBOL, 'BTCUSDT'] });
        await ask('tickerBookTicker', { symbols: [SYMBOL, 'BTCUSDT'] });
        await ask('exchangeInfo', { symbols: [SYMBOL], showPermissionSets: false });
        await api.exchangeInfo({ symbols: [SYMBOL] });
        await api.tickerPrice({ symbols: [SYMBOL] });
        await api.accountStatus({ omitZeroBalances: true });
        await api.openOrdersStatus({ symbol });
        await api.klines({ symbol, interval: '1m' });
        await api.myTrades({ symbol });
      },
      failure: (error) => ({ isOwnType: error instanceof common.ConnectorClientError || isOf(common, error), code: error.code }),
      close: () => api.disconnect(),
    };
  },
};

/** Whether an error is of one of its types. */
function isOf(common: any, error: unknown): boolean {
  return ['BadRequestError', 'UnauthorizedError', 'NotFoundError', 'TooManyRequestsError'].some((name) => error instanceof common[name]);
}
