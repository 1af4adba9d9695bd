/** ccxt and ccxt.pro with their default options: only addresses and keys are changed. */
import ccxt from 'ccxt';
import { type ClientKind, type Orders, type Place, type Side, type Stream, type TradingClient, toSocket } from './trading-client.ts';

type Classes = { rest: typeof ccxt.binance; pro: typeof ccxt.pro.binance };
const MARKET = 'ETH/USDT';

/** ccxt's class with each of its addresses at the venue: also those that have nothing to do with Spot, which it asks on its own. */
export function ccxtAt<K extends keyof Classes>({ url, key, secret }: Place, Class: Classes[K]): InstanceType<Classes[K]> {
  const exchange = new Class({ apiKey: key, secret }) as InstanceType<Classes[K]>;
  const moved = (value: any): any =>
    typeof value === 'string'
      ? value.replace(/^https:\/\/[^/]+/, url).replace(/^wss:\/\/[^/]+/, toSocket(url))
      : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, moved(inner)]));
  exchange.urls.api = moved(exchange.urls.api);
  return exchange;
}

/** Its errors of well-known texts have a class instead of a code. */
function codeOf(error: Error): number {
  if (error instanceof ccxt.InsufficientFunds) return -2010;
  return Number(/"code":(-\d+)/.exec(error.message)?.[1]);
}

const upper = (status: string) => ({ open: 'NEW', closed: 'FILLED', canceled: 'CANCELED' })[status] ?? status.toUpperCase();
const sideOf = (side: Side) => side.toLowerCase() as 'buy' | 'sell';

function rest(exchange: InstanceType<typeof ccxt.binance>): Omit<TradingClient, 'watch' | 'reports'> {
  return {
    markets: async () => Object.values(await exchange.loadMarkets()).map((market) => market!.id!),
    serverTime: async () => (await exchange.fetchTime())!,
    touch: async () => {
      const { bids, asks } = await exchange.fetchOrderBook(MARKET);
      return { bid: bids[0][0]!, ask: asks[0][0]! };
    },
    prices: async () => (await exchange.fetchTrades(MARKET)).map(({ price }) => price!),
    volumes: async () => (await exchange.fetchOHLCV(MARKET)).map((candle) => candle[5]!),
    lastPrice: async () => (await exchange.fetchTicker(MARKET)).last!,
    limit: async (side, quantity, price) => (await exchange.createOrder(MARKET, 'limit', sideOf(side), quantity, price)).id!,
    market: async (side, quantity) => (await exchange.createOrder(MARKET, 'market', sideOf(side), quantity)).id!,
    stop: async (quantity, price, stopPrice) =>
      (await exchange.createOrder(MARKET, 'limit', 'sell', quantity, price, { stopLossPrice: stopPrice })).id!,
    status: async (id) => upper((await exchange.fetchOrder(id, MARKET)).status!),
    cancel: (id) => exchange.cancelOrder(id, MARKET),
    cancelAll: () => exchange.cancelAllOrders(MARKET),
    openOrders: async () => (await exchange.fetchOpenOrders(MARKET)).map(({ id }) => id!),
    tradedOrders: async () => (await exchange.fetchMyTrades(MARKET)).map(({ order }) => order!),
    free: async (asset) => (await exchange.fetchBalance())[asset].free as number,
    more: async () => {
      const fees = await exchange.fetchTradingFees();
      if (!(Number(fees[MARKET]!.maker) >= 0)) throw new Error(JSON.stringify(fees));
      const { status } = await exchange.fetchStatus();
      if (status !== 'ok') throw new Error(String(status));
      const currencies = (await exchange.fetchCurrencies())!;
      if (!('ETH' in currencies && 'USDT' in currencies)) throw new Error(`currencies: ${Object.keys(currencies)}`);
    },
    failure: (error) => ({ isOwnType: error instanceof ccxt.BaseError, code: codeOf(error) }),
    close: () => undefined,
  };
}

export const ccxtRest: ClientKind = {
  package: 'ccxt',
  open: (place) => ({ ...rest(ccxtAt<'rest'>(place, ccxt.binance)), watch: noStreams, reports: {} }),
};

function noStreams(): never {
  throw new Error('streams are those of ccxt.pro');
}

export const ccxtPro: ClientKind = {
  package: 'ccxt',
  name: 'ccxt.pro',
  open: async (place) => {
    const exchange = ccxtAt<'pro'>(place, ccxt.pro.binance);
    await exchange.loadHttpProxyAgent(); // without it, it refuses plain ws://
    const watched: Record<Stream, () => Promise<number>> = {
      trade: async () => (await exchange.watchTrades(MARKET)).at(-1)!.price!,
      depth: async () => (await exchange.watchOrderBook(MARKET)).bids[0][0]!,
      kline: async () => (await exchange.watchOHLCV(MARKET, '1m')).at(-1)![4]!,
      ticker: async () => (await exchange.watchTicker(MARKET)).last!,
    };
    const reports = async () => {
      const seen: { orderId: string; status: string }[] = [];
      let isOver = false;
      const watch = async () => {
        while (!isOver)
          for (const { id, status } of await exchange.watchOrders(MARKET)) seen.push({ orderId: id!, status: upper(status!) });
      };
      watch().catch(() => undefined); // its end is its connection's
      // It does not say when it is subscribed: that is when it is told of an order.
      while (seen.length === 0) {
        const { id } = await exchange.createOrder(MARKET, 'limit', 'buy', 0.01, 1400);
        await exchange.cancelOrder(id!, MARKET);
      }
      return {
        seen,
        close: () => {
          isOver = true;
        },
      };
    };
    const socket: Orders = {
      limit: async (side, quantity, price) => (await exchange.createOrderWs(MARKET, 'limit', sideOf(side), quantity, price)).id!,
      status: async (id) => upper((await exchange.fetchOrderWs(id, MARKET)).status!),
      cancel: (id) => exchange.cancelOrderWs(id, MARKET),
    };
    return {
      ...rest(exchange),
      watch: (stream) => watched[stream](),
      reports: { watchOrders: reports },
      socket,
      more: async () => {
        const balance = await exchange.fetchBalanceWs();
        if (!(balance.info as any).balances.some(({ asset }: any) => asset === 'USDT')) throw new Error(JSON.stringify(balance));
        await exchange.fetchTradesWs(MARKET);
        await exchange.fetchOHLCVWs(MARKET, '1m');
        await exchange.fetchOpenOrdersWs(MARKET);
        await exchange.fetchMyTradesWs(MARKET);
        await exchange.fetchOrdersWs(MARKET);
      },
      close: () => exchange.close(),
    };
  },
};
