/** What clients ask of Binance beyond Spot on their own, before they trade: https://developers.binance.com/docs/wallet and /derivatives. */

import * as a from '../../http/answers.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, type Operation } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import * as m from './market-answers.ts';
import * as o from './order-answers.ts';
import * as s from './schemas.ts';

const PPM = 1_000_000;

/** Clients with a key sign these too, each in its own way, which nothing depends on. */
const notNeeded = s.optional(s.anyText('Not needed'));
const maybeSigned = s.parameters({ timestamp: notNeeded, recvWindow: notNeeded, signature: notNeeded });

/** What the account pays for trades now, of one instrument or of all. */
function tradeFees(services: BinanceServices, sent: Parameters, caller: Caller) {
  const meant = sent.symbol === undefined ? services.market.instruments : [instrumentOf(services, sent)];
  return meant.map(({ symbol, number }) => {
    const { maker, taker } = services.rules.fees(caller.account, number);
    return { symbol, makerCommission: String(maker / PPM), takerCommission: String(taker / PPM) };
  });
}

/** What the account has of each asset. No network leads in or out of the venue. */
function coins({ gateway: { view }, market }: BinanceServices, _sent: Parameters, caller: Caller) {
  return market.assets.map((asset) => {
    const { available, held } = view.balance(caller.account, asset.number);
    const nothing = asset.format(0);
    return {
      coin: asset.name,
      depositAllEnable: false,
      free: asset.format(available),
      freeze: nothing,
      ipoable: nothing,
      ipoing: nothing,
      isLegalMoney: false,
      locked: asset.format(held),
      name: asset.name,
      networkList: [],
      storage: nothing,
      trading: true,
      withdrawAllEnable: false,
      withdrawing: nothing,
    };
  });
}

/** Clients of several of Binance's markets ask each which instruments it has, also those who trade Spot alone. */
function otherMarket(summary: string, path: string): Operation {
  return {
    summary,
    rest: { method: 'GET', path },
    security: 'NONE',
    weight: 1,
    parameters: s.parameters({}),
    answer: m.noInstruments,
    run: ({ now, config }) => {
      const limit = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: config.rateLimits.weightPerMinute };
      return { timezone: 'UTC', serverTime: now(), rateLimits: [limit], exchangeFilters: [], assets: [], symbols: [] };
    },
  };
}

export const walletOperations: Operation[] = [
  {
    summary: 'Assets and what the account has of them: none can be deposited or withdrawn',
    rest: { method: 'GET', path: '/sapi/v1/capital/config/getall' },
    security: 'SIGNED',
    weight: 10,
    parameters: s.parameters({}),
    answer: a.list(o.coin),
    run: coins,
  },
  {
    summary: 'Commission rates of the account, by instrument',
    rest: { method: 'GET', path: '/sapi/v1/asset/tradeFee' },
    security: 'SIGNED',
    weight: 1,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    answer: a.list(o.tradeFee),
    run: tradeFees,
  },
  {
    summary: 'Whether the system is normal: it is when it answers',
    rest: { method: 'GET', path: '/sapi/v1/system/status' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    answer: m.systemStatus,
    run: () => ({ status: 0, msg: 'normal' }),
  },
  {
    summary: 'Margin pairs: none',
    rest: { method: 'GET', path: '/sapi/v1/margin/allPairs' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    answer: a.none('None'),
    run: () => [],
  },
  {
    summary: 'Isolated margin pairs: none',
    rest: { method: 'GET', path: '/sapi/v1/margin/isolated/allPairs' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    answer: a.none('None'),
    run: () => [],
  },
  otherMarket('Futures margined in USD: none', '/fapi/v1/exchangeInfo'),
  otherMarket('Futures margined in coins: none', '/dapi/v1/exchangeInfo'),
];
