import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { TAG } from '@outcry/wire/ouch50';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { FixClient } from './support/fix-client.ts';
import { OuchClient } from './support/ouch-client.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

/** The exchange's filters, at every door. */

/** 60,000 before anything trades: bids from 54,000 to 66,000, asks from 48,000 to 72,000. */
const NARROW = {
  ...DEMO_INSTRUMENTS[0],
  minNotional: '100',
  maxNotional: '30000',
  maxQuantity: '0.5',
  percentPrice: { bidUp: '1.1', bidDown: '0.9', askUp: '1.2', askDown: '0.8' },
};

/** What each door says: Binance's filter, OrdRejReason, the reason of OUCH. gRPC and FIX's Text say the name. */
const WORDS = {
  quantity_too_large: { rest: 'Filter failure: LOT_SIZE', fix: '3', ouch: 0x001e },
  notional_too_small: { rest: 'Filter failure: NOTIONAL', fix: '13', ouch: 0x0013 },
  notional_too_large: { rest: 'Filter failure: NOTIONAL', fix: '3', ouch: 0x001f },
  too_many_parts: { rest: 'Filter failure: ICEBERG_PARTS', fix: '13', ouch: 0x0004 },
  price_too_far: { rest: 'Filter failure: PERCENT_PRICE_BY_SIDE', fix: '99', ouch: 0x0006 },
} as const;
type Verdict = keyof typeof WORDS | 'accepted';

/** No price: a market order. */
const ORDERS: [side: 'BUY' | 'SELL', quantity: string, price: string | undefined, verdict: Verdict][] = [
  ['BUY', '0.5', '60000', 'accepted'],
  ['BUY', '0.50001', '59000', 'quantity_too_large'],
  ['SELL', '0.50001', undefined, 'quantity_too_large'],
  ['BUY', '0.5', '60000.01', 'notional_too_large'],
  ['SELL', '0.002', '50000', 'accepted'],
  ['SELL', '0.002', '49999.99', 'notional_too_small'],
  ['SELL', '0.00166', undefined, 'notional_too_small'],
  ['BUY', '0.01', '66000', 'accepted'],
  ['BUY', '0.01', '66000.01', 'price_too_far'],
  ['BUY', '0.01', '54000', 'accepted'],
  ['BUY', '0.01', '53999.99', 'price_too_far'],
  ['SELL', '0.01', '72000', 'accepted'],
  ['SELL', '0.01', '72000.01', 'price_too_far'],
  ['SELL', '0.01', '48000', 'accepted'],
  ['SELL', '0.01', '47999.99', 'price_too_far'],
];

/** What a replacement of 0.01 at 60,000 to buy asks for. */
const REPLACEMENTS: [quantity: string, price: string, verdict: keyof typeof WORDS][] = [
  ['0.50001', '59000', 'quantity_too_large'],
  ['0.5', '60000.01', 'notional_too_large'],
  ['0.00166', '60000', 'notional_too_small'],
  ['0.01', '66000.01', 'price_too_far'],
];

const lots = (quantity: string) => Math.round(Number(quantity) * 100_000);
const wirePrice = (price: string) => Math.round(Number(price) * 10_000);
const twoBytes = (value: number) => [value >> 8, value & 0xff];
const MARKET_PRICE = 0x7fffffff;

let groups = 0;

async function open(t: TestContext) {
  const data = temporaryDirectory('filters');
  const market = { assets: DEMO_ASSETS, instruments: [NARROW], rateLimits: DEMO_RATE_LIMITS };
  const doors = await Doors.open(t, { ...DEFAULTS, ...market, port: 0, data, ...anyPorts(`239.255.${220 + groups++}.1`) });
  await startDemo(doors.venue, { flow: false }, log);
  const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
  const ouch = await OuchClient.open(doors.port('ouch'), 'ALICE', 'alicepass');
  t.after(() => void [fix.socket.destroy(), ouch.close()]);
  const cancelAll = () => ok(doors.alice.signed('DELETE', '/outcry/v1/openOrders', {}));
  return { doors, fix, ouch, cancelAll };
}

it('an order has the same verdict at every door, in its words, on both sides of each limit', async (t) => {
  const { doors, fix, ouch, cancelAll } = await open(t);
  for (const [n, [side, quantity, price, verdict]] of ORDERS.entries()) {
    const what = `${side} ${quantity} at ${price ?? 'the market'}`;
    const words = verdict === 'accepted' ? undefined : WORDS[verdict];
    const limit: Record<string, string> = price === undefined ? { type: 'MARKET' } : { type: 'LIMIT', timeInForce: 'GTC', price };

    const { body } = await doors.alice.signed('POST', '/api/v3/order', { symbol: SYMBOL, side, quantity, ...limit });
    assert.equal(body.msg, words?.rest, `REST: ${what}`);
    await cancelAll();

    const code = side === 'BUY' ? 1 : 2;
    if (price !== undefined) fix.order(`order-${n}`, code, quantity, price);
    else
      fix.send(
        'D',
        FixClient.fields(`order-${n}`, code, quantity, '0')
          .filter(([tag]) => tag !== 44)
          .map(([tag, value]) => [tag, tag === 40 ? 1 : value]),
      );
    const refused = ['8', words?.fix, verdict.replaceAll('_', ' ')];
    assert.deepEqual(await fix.report(39, 103, 58), words === undefined ? ['0', '-', '-'] : refused, `FIX: ${what}`);
    if (words === undefined) {
      await cancelAll();
      assert.deepEqual(await fix.report(39), ['4']);
    }

    const type = price === undefined ? 'ORDER_TYPE_MARKET' : 'ORDER_TYPE_LIMIT';
    const said = await doors.grpc('PlaceOrder', { symbol: SYMBOL, side: `SIDE_${side}`, type, quantity, price: price ?? '' }).then(
      () => 'accepted',
      (error) => `${error.code} ${error.details}`,
    );
    assert.equal(said, words === undefined ? 'accepted' : `9 ${verdict}`, `gRPC: ${what}`);
    await cancelAll();

    ouch.enter(n + 1, side[0], lots(quantity), price === undefined ? MARKET_PRICE : wirePrice(price));
    const received = await ouch.next(words === undefined ? 'order_accepted' : 'rejected');
    assert.deepEqual([received.userRef, received.reason], [n + 1, words?.ouch], `OUCH: ${what}`);
    await cancelAll();
  }
});

it('a replacement that fails a filter is refused at every door, and the order stays', async (t) => {
  const { doors, fix, ouch } = await open(t);
  const byRest = (await doors.place(doors.alice, 'BUY', '60000', { quantity: '0.01' })).orderId;
  fix.order('first', 1, '0.01', '60000');
  const byFix = Number((await fix.report(37))[0]);
  ouch.enter(1, 'B', lots('0.01'), wirePrice('60000'));
  const byOuch = Number((await ouch.next('order_accepted')).orderRef);

  for (const [n, [quantity, price, verdict]] of REPLACEMENTS.entries()) {
    const terms = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity, price };
    const replacing = { ...terms, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: byRest };
    assert.equal((await doors.alice.signed('POST', '/api/v3/order/cancelReplace', replacing)).body.msg, WORDS[verdict].rest);

    fix.send('G', FixClient.fields(`again-${n}`, 1, quantity, price, [[41, 'first']]));
    const message = await fix.take('9');
    assert.deepEqual(
      [434, 102, 58].map((tag) => message.get(tag)),
      ['2', '99', verdict.replaceAll('_', ' ')],
    );

    ouch.replace(1, n + 2, lots(quantity), wirePrice(price));
    const { userRef, reason } = await ouch.next('rejected');
    assert.deepEqual([userRef, reason], [n + 2, WORDS[verdict].ouch]);
    assert.deepEqual(await doors.openOrders(doors.alice), [byRest, byFix, byOuch]);
  }
  // The size is the chain's: what passes replaces the order.
  ouch.replace(1, 10, lots('0.5'), wirePrice('60000'));
  assert.equal((await ouch.next('order_replaced')).userRef, 10);
});

/** An iceberg of 0.1 may have 10 parts, so that it displays 0.01 at least. */
it('an iceberg of more parts than the instrument allows is refused at every door that has icebergs, as a replacement too', async (t) => {
  const { doors, fix, ouch, cancelAll } = await open(t);
  const { symbols } = await ok(doors.alice.public(`/api/v3/exchangeInfo?symbol=${SYMBOL}`));
  const received = symbols[0].filters.find(({ filterType }: { filterType: string }) => filterType === 'ICEBERG_PARTS');
  assert.deepEqual(received, { filterType: 'ICEBERG_PARTS', limit: 10 });
  const words = WORDS.too_many_parts;
  const terms = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.1', price: '60000' };
  for (const [n, [display, isAccepted]] of (
    [
      ['0.01', true],
      ['0.00999', false],
    ] as const
  ).entries()) {
    const { body } = await doors.alice.signed('POST', '/api/v3/order', { ...terms, icebergQty: display });
    assert.equal(body.msg, isAccepted ? undefined : words.rest, `REST: ${display}`);
    fix.send('D', FixClient.fields(`order-${n}`, 1, '0.1', '60000', [[111, display]]));
    const [status, reason] = await fix.report(39, 103);
    assert.deepEqual([status, reason], isAccepted ? ['0', '-'] : ['8', words.fix], `FIX: ${display}`);
    ouch.enter(n + 1, 'B', lots('0.1'), wirePrice('60000'), { tags: [5, TAG.MAX_FLOOR, 0, 0, ...twoBytes(lots(display))] });
    assert.equal((await ouch.next(isAccepted ? 'order_accepted' : 'rejected')).reason, isAccepted ? undefined : words.ouch);
  }
  await cancelAll();
  const { orderId } = await doors.place(doors.alice, 'BUY', '60000', { quantity: '0.1', icebergQty: '0.01' });
  const replacing = { ...terms, icebergQty: '0.00999', cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: orderId };
  assert.equal((await doors.alice.signed('POST', '/api/v3/order/cancelReplace', replacing)).body.msg, words.rest);
  assert.deepEqual(await doors.openOrders(doors.alice), [orderId], 'the order stays');
});

it('the average price of the trades moves the prices that pass, at the wire thread’s door too', async (t) => {
  const { doors, fix, ouch, cancelAll } = await open(t);
  const { shared } = doors.venue.services;
  assert.equal(shared.averagePrice(0), 6_000_000, 'the reference price, before anything trades');
  await doors.place(doors.alice, 'BUY', '66000', { quantity: '0.01' });
  await doors.place(doors.bob, 'SELL', '66000', { quantity: '0.01' });
  await until(
    () => shared.averagePrice(0) === 6_600_000,
    () => `the average is ${shared.averagePrice(0)}`,
  );
  ouch.enter(1, 'B', 1000, wirePrice('72600'));
  assert.equal((await ouch.next('order_accepted')).userRef, 1);
  ouch.enter(2, 'B', 1000, wirePrice('72600.01'));
  assert.equal((await ouch.next('rejected')).reason, WORDS.price_too_far.ouch);
  await cancelAll();
  fix.order('at', 1, '0.01', '72600');
  assert.deepEqual(await fix.report(39), ['0']);
  fix.order('beyond', 1, '0.01', '72600.01');
  assert.deepEqual(await fix.report(39, 58), ['8', 'price too far']);
});
