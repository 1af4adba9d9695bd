/** binance, by tiagosiebler: its clients of REST, of the WebSocket API and of streams. */
import https from 'node:https';
import net from 'node:net';
import { type ClientKind, first, load, type Orders, type Reports, type Stream, SYMBOL, toSocket } from './trading-client.ts';

const symbol = SYMBOL;

/** Connections to anywhere are plain ones to the venue. */
function agentTo(url: string): https.Agent {
  const { hostname, port } = new URL(url);
  return Object.assign(new https.Agent(), { createConnection: () => net.connect(Number(port), hostname) });
}

const nothing = () => undefined;
const quiet = { trace: nothing, info: nothing, error: nothing };

export const binance: ClientKind = {
  package: 'binance',
  open: ({ url, key, secret }) => {
    const { MainClient, WebsocketClient, WebsocketAPIClient } = load('binance');
    const keys = { api_key: key, api_secret: secret };
    const client = new MainClient({ ...keys, baseUrl: url });
    const settings = { ...keys, wsUrl: toSocket(url), restOptions: { baseUrl: url } };
    // getServerTime goes to https://api.binance.com whatever `baseUrl` is: its connections lead to the venue.
    const clock = new MainClient(keys, { httpsAgent: agentTo(url) });
    const place = async (sent: object) => String((await client.submitNewOrder({ symbol, ...sent })).orderId);
    const ids = (entries: any[]) => entries.map(({ orderId }) => String(orderId));

    const streams: Record<Stream, [string, (message: any) => number]> = {
      trade: ['ethusdt@trade', ({ p }) => Number(p)],
      depth: ['ethusdt@depth@100ms', ({ b, a }) => Number((b[0] ?? a[0])[0])],
      kline: ['ethusdt@kline_1m', ({ k }) => Number(k.c)],
      ticker: ['ethusdt@ticker', ({ c }) => Number(c)],
    };
    const watch = (name: Stream) => {
      const [topic, priceOf] = streams[name];
      return first<number>(
        (take) => {
          const sockets = new WebsocketClient(settings, quiet);
          sockets.on('message', (message: any) => message.streamName === topic && take(priceOf(message)));
          sockets.on('exception', nothing);
          sockets.subscribe([topic], 'main');
          return sockets;
        },
        (sockets) => sockets.closeAll(true),
      );
    };

    const report = (seen: Reports['seen'], message: any) => {
      const { eventType, orderId, orderStatus } = message;
      if (eventType === 'executionReport') seen.push({ orderId: String(orderId), status: orderStatus });
    };
    const listen = async (): Promise<Reports> => {
      const seen: Reports['seen'] = [];
      const sockets = new WebsocketClient({ ...settings, beautify: true }, quiet);
      sockets.on('formattedMessage', (message: any) => report(seen, message));
      sockets.on('exception', nothing);
      const { wsKey, ws } = await sockets.subscribeSpotUserDataStream();
      const close = () => {
        sockets.closeAll(true);
        // It forgets the timer that keeps its listen key alive, whose place is the fourth in the connection's name.
        sockets.getUserDataStreamManager().teardownUserDataListenKey(wsKey.split('_')[3], ws);
      };
      return { seen, close };
    };
    const api = new WebsocketAPIClient({ ...settings, beautify: true, attachEventListeners: false }, quiet);
    const subscribe = async (): Promise<Reports> => {
      const seen: Reports['seen'] = [];
      api.getWSClient().on('formattedUserDataMessage', (message: any) => report(seen, message));
      await api.subscribeUserDataStream('mainWSAPI');
      return { seen, close: () => api.unsubscribeUserDataStream('mainWSAPI') };
    };
    const socket: Orders = {
      limit: async (side, quantity, price) => {
        const { result } = await api.submitNewSpotOrder({
          symbol,
          side,
          type: 'LIMIT',
          timeInForce: 'GTC',
          quantity,
          price,
          timestamp: Date.now(),
        });
        return String(result.orderId);
      },
      status: async (orderId) => (await api.getSpotOrderStatus({ symbol, orderId, timestamp: Date.now() })).result.status,
      cancel: (orderId) => api.cancelSpotOrder({ symbol, orderId, timestamp: Date.now() }),
    };

    return {
      markets: async () => (await client.getExchangeInfo()).symbols.map((market: any) => market.symbol),
      serverTime: () => clock.getServerTime(),
      touch: async () => {
        const { bids, asks } = await client.getOrderBook({ symbol });
        return { bid: Number(bids[0][0]), ask: Number(asks[0][0]) };
      },
      prices: async () => (await client.getRecentTrades({ symbol })).map(({ price }: any) => Number(price)),
      volumes: async () => (await client.getKlines({ symbol, interval: '1m' })).map((candle: any) => Number(candle[5])),
      lastPrice: async () => Number((await client.get24hrChangeStatistics({ symbol })).lastPrice),
      limit: (side, quantity, price) => place({ side, type: 'LIMIT', timeInForce: 'GTC', quantity, price }),
      market: (side, quantity) => place({ side, type: 'MARKET', quantity, newOrderRespType: 'FULL' }),
      stop: (quantity, price, stopPrice) =>
        place({ side: 'SELL', type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', quantity, price, stopPrice }),
      status: async (orderId) => (await client.getOrder({ symbol, orderId })).status,
      cancel: (orderId) => client.cancelOrder({ symbol, orderId }),
      cancelAll: () => client.cancelAllSymbolOrders({ symbol }),
      openOrders: async () => ids(await client.getOpenOrders({ symbol })),
      tradedOrders: async () => ids(await client.getAccountTradeList({ symbol })),
      free: async (wanted) => Number((await client.getAccountInformation()).balances.find(({ asset }: any) => asset === wanted).free),
      lists: {
        place: async (quantity, abovePrice, belowStopPrice) => {
          const legs = { aboveType: 'LIMIT_MAKER', abovePrice, belowType: 'STOP_LOSS', belowStopPrice };
          return String((await client.submitNewOrderList({ symbol, side: 'SELL', quantity, ...legs })).orderListId);
        },
        open: async () => (await client.getAllOpenOCO()).map(({ orderListId }: any) => String(orderListId)),
        cancel: (orderListId) => client.cancelOCO({ symbol, orderListId }),
      },
      watch,
      reports: { 'a listen key': listen, 'the WebSocket API': subscribe },
      socket,
      more: async () => {
        await client.getSystemStatus();
        await client.getTradeFee({ symbol });
        const coins = (await client.getBalances()).map(({ coin }: any) => coin);
        if (!coins.includes('ETH')) throw new Error(`coins: ${coins}`);
        await client.getAllOrders({ symbol });
        await client.getCompressedAggTrades?.({ symbol });
        await client.getSymbolPriceTicker();
        await client.getSymbolOrderBookTicker({ symbols: JSON.stringify([SYMBOL]) });
        await client.getExchangeInfo({ symbols: [SYMBOL, 'BTCUSDT'] });
        await api.getSpotExchangeInfo({ symbols: [SYMBOL] });
        await api.getSpotAccountInformation({ timestamp: Date.now() });
      },
      failure: (error) => ({ isOwnType: 'requestOptions' in error, code: error.code }),
      close: () => api.disconnectAll(),
    };
  },
};
