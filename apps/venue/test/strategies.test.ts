/** What a client calls the strategy of an order comes back with the order. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { BothDoors } from './support/both-doors.ts';
import { Doors, log, OCO, ok, SYMBOL } from './support/doors.ts';
import { temporaryDirectory } from './support/process.ts';

const BOTH = { strategyId: 37463720, strategyType: 1_000_000 };
const MOST = { strategyId: Number.MAX_SAFE_INTEGER - 1, strategyType: 0x7fffffff };
const ORDER = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

function configured(): VenueConfig {
  const data = temporaryDirectory('strategies');
  const limits = { orders: 1000, accounts: 100, assets: 8, instruments: 4 };
  return { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, port: 0, data, limits };
}

const strategyOf = ({ strategyId, strategyType }: any) => ({
  ...(strategyId !== undefined && { strategyId }),
  ...(strategyType !== undefined && { strategyType }),
});

/** What GET order, openOrders and allOrders say. */
async function asked({ alice }: Doors, orderId: number, isOpen: boolean): Promise<object[]> {
  const order = await ok(alice.signed('GET', '/api/v3/order', { symbol: SYMBOL, orderId }));
  const open: any[] = await ok(alice.signed('GET', '/api/v3/openOrders'));
  const all: any[] = await ok(alice.signed('GET', '/api/v3/allOrders', { symbol: SYMBOL, orderId }));
  const found = [order, ...[open, all].flatMap((orders) => orders.filter((one) => one.orderId === orderId))];
  assert.equal(found.length, isOpen ? 3 : 2);
  return found.map(strategyOf);
}

it('an order keeps its strategy in every answer and report, also after a restart', async (t) => {
  const config = configured();
  const doors = await Doors.open(t, config);
  await startDemo(doors.venue, { flow: false }, log);
  const desk = await BothDoors.open(doors.venue.url);
  await desk.bySocket('userDataStream.subscribe.signature', {}, true);
  const stop = { ...ORDER, type: 'STOP_LOSS_LIMIT', price: '70000', stopPrice: '69000' };
  const kinds: [sent: Record<string, string>, said: Record<string, number>][] = [
    [ORDER, BOTH],
    [ORDER, { strategyId: 0 }],
    [ORDER, { strategyType: 1_234_567 }],
    [ORDER, {}],
    [stop, MOST],
  ];
  const kept: [orderId: number, said: object][] = [];
  for (const [sent, said] of kinds) {
    await ok(doors.alice.signed('POST', '/api/v3/order/test', { ...sent, ...said }));
    const placed = await ok(doors.alice.signed('POST', '/api/v3/order', { ...sent, ...said }));
    assert.deepEqual(strategyOf(placed), said);
    const { event } = await desk.socket.until(({ event }) => event?.i === placed.orderId);
    assert.deepEqual([event.j, event.J], [said.strategyId, said.strategyType]);
    assert.deepEqual([Object.hasOwn(event, 'j'), Object.hasOwn(event, 'J')], ['strategyId' in said, 'strategyType' in said]);
    for (const answer of await asked(doors, placed.orderId, true)) assert.deepEqual(answer, said);
    kept.push([placed.orderId, said]);
  }
  const more = { cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: kept[0][0], strategyId: 1 };
  const { cancelResponse, newOrderResponse } = await ok(doors.alice.signed('POST', '/api/v3/order/cancelReplace', { ...ORDER, ...more }));
  assert.deepEqual([strategyOf(cancelResponse), strategyOf(newOrderResponse)], [BOTH, { strategyId: 1 }]);
  for (const answer of await asked(doors, kept[0][0], false)) assert.deepEqual(answer, BOTH);
  kept.splice(0, 1, [newOrderResponse.orderId, { strategyId: 1 }]);
  desk.close();
  await doors.venue.close();

  const again = await Doors.open(t, config);
  for (const [orderId, said] of kept) {
    for (const answer of await asked(again, orderId, true)) assert.deepEqual(answer, said);
    assert.deepEqual(strategyOf(await again.cancel(again.alice, orderId)), said);
  }
  const { orderId } = await again.place(again.alice, 'BUY', '50000'); // in the place of one that had a strategy
  for (const answer of await asked(again, orderId, true)) assert.deepEqual(answer, {});
  await again.venue.close();
});

it('each order of a list has a strategy of its own', async (t) => {
  const doors = await Doors.open(t, configured());
  await startDemo(doors.venue, { flow: false }, log);
  const { alice } = doors;
  const pair = await ok(
    alice.signed('POST', '/api/v3/orderList/oco', { ...OCO, aboveStrategyId: 5, belowStrategyId: 6, belowStrategyType: 2_000_000 }),
  );
  assert.deepEqual(pair.orderReports.map(strategyOf), [{ strategyId: 5 }, { strategyId: 6, strategyType: 2_000_000 }]);
  const old = { symbol: SYMBOL, side: 'SELL', quantity: '0.001', price: '65000', stopPrice: '40000' };
  const { orderReports } = await ok(alice.signed('POST', '/api/v3/order/oco', { ...old, limitStrategyId: 7, stopStrategyType: 1_000_001 }));
  assert.deepEqual(orderReports.map(strategyOf), [{ strategyId: 7 }, { strategyType: 1_000_001 }]);
  for (const answer of await asked(doors, orderReports[1].orderId, true)) assert.deepEqual(answer, { strategyType: 1_000_001 });
  await doors.venue.close();
});

it('a strategy is refused that Binance refuses', async (t) => {
  const doors = await Doors.open(t, configured());
  await startDemo(doors.venue, { flow: false }, log);
  const refusal = async (more: Record<string, string>) => {
    const { status, body } = await doors.alice.signed('POST', '/api/v3/order', { ...ORDER, ...more });
    assert.equal(status, 400, JSON.stringify(body));
    return body.code;
  };
  assert.equal(await refusal({ strategyType: '999999' }), -1134);
  assert.equal(await refusal({ strategyType: '0' }), -1134);
  assert.equal(await refusal({ strategyType: '2147483648' }), -1100);
  assert.equal(await refusal({ strategyId: '-1' }), -1100);
  assert.equal(await refusal({ strategyId: '9007199254740991' }), -1100);
  assert.equal(await refusal({ strategyId: '1.5' }), -1100);
  const list = await doors.alice.signed('POST', '/api/v3/orderList/oco', { ...OCO, aboveStrategyType: '1' });
  assert.equal(list.body.code, -1134);
  assert.deepEqual(await doors.openOrders(doors.alice), []);
  await doors.venue.close();
});
