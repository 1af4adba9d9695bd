/** What clients ask of Binance beyond Spot on their own, before they trade: https://developers.binance.com/docs/wallet. */
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, type Operation } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import * as s from './schemas.ts';

const PPM = 1_000_000;

/** Clients with a key sign these too, which nothing depends on. */
const maybeSigned = s.parameters({
  timestamp: s.optional(s.whole('Not needed')),
  recvWindow: s.optional(s.word('Not needed')),
  signature: s.optional(s.word('Not needed')),
});

/** What the account pays for trades now, of one instrument or of all. */
function tradeFees(services: BinanceServices, sent: Parameters, caller: Caller) {
  const meant = sent.symbol === undefined ? services.market.instruments : [instrumentOf(services, sent)];
  return meant.map(({ symbol, number }) => {
    const { maker, taker } = services.rules.fees(caller.account, number);
    return { symbol, makerCommission: String(maker / PPM), takerCommission: String(taker / PPM) };
  });
}

export const walletOperations: Operation[] = [
  {
    summary: 'Assets that can be withdrawn: none, the venue has no network',
    rest: { method: 'GET', path: '/sapi/v1/capital/config/getall' },
    security: 'SIGNED',
    weight: 10,
    parameters: s.parameters({}),
    run: () => [],
  },
  {
    summary: 'Commission rates of the account, by instrument',
    rest: { method: 'GET', path: '/sapi/v1/asset/tradeFee' },
    security: 'SIGNED',
    weight: 1,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    run: tradeFees,
  },
  {
    summary: 'Whether the system is normal: it is when it answers',
    rest: { method: 'GET', path: '/sapi/v1/system/status' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    run: () => ({ status: 0, msg: 'normal' }),
  },
  {
    summary: 'Margin pairs: none',
    rest: { method: 'GET', path: '/sapi/v1/margin/allPairs' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    run: () => [],
  },
  {
    summary: 'Isolated margin pairs: none',
    rest: { method: 'GET', path: '/sapi/v1/margin/isolated/allPairs' },
    security: 'NONE',
    weight: 1,
    parameters: maybeSigned,
    run: () => [],
  },
];
