import assert from 'node:assert/strict';
import { it } from 'node:test';
import { administer } from './support/admin.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const SYMBOL = 'BTCUSDT';

it('clients are told the rules in force: fees, limits, and whether they may trade, also after a start', async () => {
  const data = temporaryDirectory('told');
  let venue = await VenueProcess.start(data, '--demo', '--no-flow');
  let alice = new Client(venue.url);
  const admin = (route: string, body: object) => administer({ url: venue.url, data }, route, body);
  const received = async () => {
    const account = (await alice.signed('GET', '/api/v3/account')).body;
    const commission = (await alice.signed('GET', '/api/v3/account/commission', { symbol: SYMBOL })).body.standardCommission;
    const test = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };
    const tested = (await alice.signed('POST', '/api/v3/order/test', { ...test, computeCommissionRates: 'true' })).body.standardCommission;
    for (const rates of [account.commissionRates, tested])
      assert.deepEqual([rates.maker, rates.taker], [commission.maker, commission.taker]);
    const { symbols } = (await alice.public(`/api/v3/exchangeInfo?symbol=${SYMBOL}`)).body;
    const filter = (type: string) => symbols[0].filters.find(({ filterType }: { filterType: string }) => filterType === type);
    return {
      fees: [commission.maker, commission.taker],
      percent: [account.makerCommission, account.takerCommission],
      canTrade: account.canTrade,
      most: [filter('LOT_SIZE').maxQty, filter('MARKET_LOT_SIZE').maxQty, filter('NOTIONAL').maxNotional],
      status: symbols[0].status,
    };
  };

  const before = await received();
  assert.deepEqual([before.canTrade, before.status], [true, 'TRADING']);
  await admin(`instruments/${SYMBOL}/rules`, { MAKER_FEE: -10, TAKER_FEE: 700, MAX_QUANTITY: '5', MAX_NOTIONAL: '1000' });
  const most = ['5.00000000', '5.00000000', '1000.00000000'];
  const ruled = { ...before, fees: ['-0.00001000', '0.00070000'], percent: [-1, 7], most };
  assert.deepEqual(await received(), ruled);

  await admin('fee-tiers/1', { makerFeePpm: 3, takerFeePpm: 7 });
  await admin('accounts/alice/rules', { FEE_TIER: 1, STATUS: 'SUSPENDED' });
  await admin(`instruments/${SYMBOL}/rules`, { STATUS: 'CANCEL_ONLY', MAX_QUANTITY: '10000' });
  const [maxQuantity] = before.most;
  const all = {
    fees: ['0.00000300', '0.00000700'],
    percent: [0, 0],
    canTrade: false,
    most: [maxQuantity, maxQuantity, '1000.00000000'],
    status: 'HALT',
  };
  assert.deepEqual(await received(), all, 'a rule beyond the definition narrows nothing');
  await venue.close();

  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  alice = new Client(venue.url);
  assert.deepEqual(await received(), all);
  await admin('accounts/alice/rules', { FEE_TIER: 0, STATUS: 'NORMAL' });
  await admin(`instruments/${SYMBOL}/rules`, { MAX_QUANTITY: 0, MAX_NOTIONAL: 0, STATUS: 'NORMAL' });
  assert.deepEqual(await received(), { ...ruled, most: before.most });
  await venue.close();
});

it('a static band is measured from the price that the configuration states, until another one is set', async () => {
  const data = temporaryDirectory('band');
  const venue = await VenueProcess.start(data, '--demo', '--no-flow');
  const alice = new Client(venue.url);
  const setRules = (rules: object) => administer({ url: venue.url, data }, `instruments/${SYMBOL}/rules`, rules);
  const codeAt = async (price: string) => {
    const order = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price };
    return (await alice.signed('POST', '/api/v3/order', order)).body.code ?? 0;
  };
  await setRules({ STATIC_BAND: 1000 });
  assert.deepEqual([await codeAt('59940'), await codeAt('59939.99'), await codeAt('60060.01')], [0, -1013, -1013]);
  await setRules({ REFERENCE_PRICE: '50000' });
  assert.deepEqual([await codeAt('50050'), await codeAt('59940')], [0, -1013]);
  await venue.close();
});
