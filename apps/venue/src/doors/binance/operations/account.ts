/** Operations on an account: its balances, positions, trades and streams. */

import * as a from '../../http/answers.ts';
import { errors } from '../../http/errors.ts';
import { ms } from '../format.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, type Operation, readHistory } from '../operation.ts';
import { optionalInteger, type Parameters } from '../parameters.ts';
import { tradeGroup } from '../prevented.ts';
import * as o from './order-answers.ts';
import { ownRangeOf } from './ranges.ts';
import * as s from './schemas.ts';

function account(services: BinanceServices, sent: Parameters, caller: Caller) {
  const { view } = services.gateway;
  const omitZero = sent.omitZeroBalances?.toLowerCase() === 'true';
  const { maker, taker } = services.rules.fees(caller.account, 0); // of the first instrument: Binance has one rate for all
  const rate = (ppm: number) => (ppm / 1_000_000).toFixed(8);
  const balances = services.market.assets.map((asset) => ({ asset, balance: view.balance(caller.account, asset.number) }));
  return {
    makerCommission: Math.floor(maker / 100),
    takerCommission: Math.floor(taker / 100),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: rate(maker),
      taker: rate(taker),
      buyer: rate(0),
      seller: rate(0),
    },
    canTrade: services.rules.canTrade(caller.account),
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: ms(view.lastUpdate(caller.account)),
    accountType: 'SPOT',
    balances: balances
      .filter(({ balance }) => !omitZero || balance.available + balance.held > 0)
      .map(({ asset, balance }) => ({ asset: asset.name, free: asset.format(balance.available), locked: asset.format(balance.held) })),
    permissions: ['SPOT'],
    uid: caller.account,
    tradeGroupId: tradeGroup(services.rules.group(caller.account)),
  };
}

async function myTrades(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const range = ownRangeOf(sent);
  const order = optionalInteger(sent, 'orderId');
  if (order !== undefined && (range.startTime !== undefined || range.endTime !== undefined)) throw errors.badCombination();
  return await readHistory(services, caller, 'myTrades', caller.account, instrument.number, range, order);
}

/** What the account's trades come to, by instrument, at average cost. */
function positions(services: BinanceServices, sent: Parameters, caller: Caller) {
  const chosen = sent.symbol === undefined ? services.market.instruments : [instrumentOf(services, sent)];
  const numbers = chosen.map(({ number }) => number);
  return readHistory(services, caller, 'positions', caller.account, numbers);
}

const listenKey = { listenKey: s.word('Listen key') };
const noParameters = s.parameters({});

export const accountOperations: Operation[] = [
  {
    summary: 'Positions and average cost, from all trades of the account',
    rest: { method: 'GET', path: '/outcry/v1/positions' },
    ws: 'outcry.positions',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    answer: a.list(o.position),
    run: positions,
  },
  {
    summary: 'Account and balances',
    rest: { method: 'GET', path: '/api/v3/account' },
    ws: 'account.status',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({ omitZeroBalances: s.optional(s.flag) }),
    answer: o.account,
    run: account,
  },
  {
    summary: 'Trades of an account',
    rest: { method: 'GET', path: '/api/v3/myTrades' },
    ws: 'myTrades',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({
      symbol: s.symbol,
      orderId: s.optional(s.whole('Only of this order')),
      ...s.range,
      fromId: s.optional(s.whole('First trade id')),
      limit: s.limit,
    }),
    answer: a.list(o.myTrade),
    run: myTrades,
  },
  {
    summary: 'Allocations of smart order routing: none, an instrument has one book',
    rest: { method: 'GET', path: '/api/v3/myAllocations' },
    ws: 'myAllocations',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({
      symbol: s.symbol,
      ...s.range,
      fromAllocationId: s.optional(s.whole('First allocation id')),
      orderId: s.optional(s.whole('Only of this order')),
      limit: s.limit,
    }),
    answer: a.none('None'),
    run: (services, sent) => {
      instrumentOf(services, sent);
      ownRangeOf(sent, 'fromAllocationId');
      return [];
    },
  },
  {
    summary: 'Start a user data stream',
    rest: { method: 'POST', path: '/api/v3/userDataStream' },
    ws: 'userDataStream.start',
    security: 'API_KEY',
    weight: 2,
    parameters: noParameters,
    answer: o.listenKey,
    run: (services, _sent, caller) => ({ listenKey: services.userStreams.openListenKey(caller.account, caller.apiKey) }),
  },
  {
    summary: 'Keep a user data stream alive',
    rest: { method: 'PUT', path: '/api/v3/userDataStream' },
    ws: 'userDataStream.ping',
    security: 'API_KEY',
    weight: 2,
    parameters: s.parameters(listenKey),
    answer: a.nothing,
    run: (services, sent, caller) => {
      services.userStreams.keepAlive(sent.listenKey, caller.account);
      return {};
    },
  },
  {
    summary: 'End a user data stream',
    rest: { method: 'DELETE', path: '/api/v3/userDataStream' },
    ws: 'userDataStream.stop',
    security: 'API_KEY',
    weight: 2,
    parameters: s.parameters(listenKey),
    answer: a.nothing,
    run: (services, sent, caller) => {
      services.userStreams.closeListenKey(sent.listenKey, caller.account);
      return {};
    },
  },
];
