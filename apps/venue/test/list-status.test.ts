/** What an account is told of its order lists, whoever brings it about, and of the venue's end. */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { massCancel } from '../src/spine/commands.ts';
import { BothDoors } from './support/both-doors.ts';
import { Doors, log, OCO, ok, SYMBOL } from './support/doors.ts';
import { Listener } from './support/listener.ts';
import { temporaryDirectory } from './support/process.ts';

const PAIR = { ...OCO, listClientOrderId: 'PAIR', aboveClientOrderId: 'ABOVE', belowClientOrderId: 'BELOW' };
const OTOCO = {
  symbol: SYMBOL,
  listClientOrderId: 'THREE',
  workingType: 'LIMIT',
  workingTimeInForce: 'GTC',
  workingSide: 'BUY',
  workingQuantity: '0.001',
  workingPrice: '50000',
  workingClientOrderId: 'WORKING',
  pendingSide: 'SELL',
  pendingQuantity: '0.001',
  pendingAboveType: 'LIMIT_MAKER',
  pendingAbovePrice: '65000',
  pendingAboveClientOrderId: 'ABOVE',
  pendingBelowType: 'STOP_LOSS',
  pendingBelowStopPrice: '40000',
  pendingBelowClientOrderId: 'BELOW',
};

const LATER = {
  ...OTOCO,
  listClientOrderId: 'LATER',
  workingClientOrderId: 'WORKING-2',
  pendingAboveClientOrderId: 'ABOVE-2',
  pendingBelowClientOrderId: 'BELOW-2',
};

function configured(more: Partial<VenueConfig> = {}): VenueConfig {
  const data = temporaryDirectory('list-status');
  const limits = { orders: 1000, accounts: 100, assets: 8, instruments: 4 };
  return { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, port: 0, data, limits, ...more };
}

/** A venue, and a listener to all that is Alice's. */
async function opened(t: TestContext, config: VenueConfig, isFirst = true): Promise<{ doors: Doors; desk: BothDoors }> {
  const doors = await Doors.open(t, config);
  if (isFirst) await startDemo(doors.venue, { flow: false }, log);
  const desk = await BothDoors.open(doors.venue.url);
  await desk.bySocket('userDataStream.subscribe.signature', {}, true);
  return { doors, desk };
}

const placed = (doors: Doors, kind: string, list: Record<string, string>) =>
  ok(doors.alice.signed('POST', `/api/v3/orderList/${kind}`, list));

/** What was told of a list and its orders, in short and in order, once it is done. */
async function story(desk: BothDoors, list: number): Promise<string[]> {
  await desk.socket.until(
    ({ event }) => event?.e === 'listStatus' && event.g === list && event.l === 'ALL_DONE',
    `the end of list ${list}`,
  );
  const events = desk.socket.messages.flatMap(({ event }) => (event?.g === list ? [event] : []));
  return events.map((event) =>
    event.e === 'listStatus'
      ? `${event.c} ${event.l} ${event.L} ${event.C}: ${event.O.map(({ c }: { c: string }) => c).join()}`
      : `${event.c} ${event.X}${event.eR === undefined ? '' : ` ${event.eR}`}`,
  );
}

const ENTERED = ['ABOVE NEW', 'BELOW NEW', 'OCO EXEC_STARTED EXECUTING PAIR: ABOVE,BELOW'];
const DONE = 'OCO ALL_DONE ALL_DONE PAIR: ABOVE,BELOW';

it('an account is told when a list begins, after its orders, and when it is done, after the last of them', async (t) => {
  const { doors, desk } = await opened(t, configured());
  const pair = await placed(doors, 'oco', PAIR);
  const { event: begun } = await desk.socket.until(({ event }) => event?.e === 'listStatus');
  const { E, T, ...rest } = begun;
  const orders = pair.orders.map(({ orderId, clientOrderId }: any) => ({ s: SYMBOL, i: orderId, c: clientOrderId }));
  const fixed = { e: 'listStatus', s: SYMBOL, c: 'OCO', l: 'EXEC_STARTED', L: 'EXECUTING', r: 'NONE' };
  assert.deepEqual(rest, { ...fixed, g: pair.orderListId, C: 'PAIR', O: orders });
  assert.equal(T, pair.transactionTime);
  assert.ok(E >= T);
  await doors.place(doors.bob, 'BUY', '65000');
  assert.deepEqual(await story(desk, pair.orderListId), [...ENTERED, 'ABOVE FILLED', 'BELOW EXPIRED OCO_TRIGGER', DONE]);

  const three = await placed(doors, 'otoco', OTOCO);
  assert.deepEqual(
    three.orderReports.map(({ status }: any) => status),
    ['NEW', 'PENDING_NEW', 'PENDING_NEW'],
    'an order that waits for the working one is pending, also a stop',
  );
  await doors.place(doors.bob, 'SELL', '50000');
  await doors.place(doors.bob, 'BUY', '65000');
  assert.deepEqual(await story(desk, three.orderListId), [
    'WORKING NEW',
    'ABOVE PENDING_NEW',
    'BELOW PENDING_NEW',
    'OTO EXEC_STARTED EXECUTING THREE: WORKING,ABOVE,BELOW',
    'WORKING FILLED',
    'ABOVE NEW',
    'BELOW NEW',
    'ABOVE FILLED',
    'BELOW EXPIRED OCO_TRIGGER',
    'OTO ALL_DONE ALL_DONE THREE: WORKING,ABOVE,BELOW',
  ]);
  desk.close();
  await doors.venue.close();
});

it('pending orders of a working order that expires say so, a stop too', async (t) => {
  const { doors, desk } = await opened(t, configured());
  const { orderListId } = await placed(doors, 'otoco', { ...OTOCO, workingTimeInForce: 'FOK' });
  assert.deepEqual((await story(desk, orderListId)).slice(4), [
    'WORKING EXPIRED UNFILLED_FOK_ORDER_EXPIRED',
    'ABOVE EXPIRED OTO_PHASE_ONE_EXPIRED',
    'BELOW EXPIRED OTO_PHASE_ONE_EXPIRED',
    'OTO ALL_DONE ALL_DONE THREE: WORKING,ABOVE,BELOW',
  ]);
  desk.close();
  await doors.venue.close();
});

it('a list that a client cancels ends with all its orders cancelled, by whatever way', async (t) => {
  const grpc = { port: 0 };
  const { doors, desk } = await opened(t, configured({ grpc }));
  const { alice, venue } = doors;
  const other = await BothDoors.open(venue.url);
  const fixed = { symbol: SYMBOL };
  const replacement = { ...fixed, side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '70000' };
  const stop = { cancelReplaceMode: 'STOP_ON_FAILURE' };
  const ways: Record<string, (list: any) => Promise<unknown>> = {
    'an order by REST': ({ orders }) => ok(alice.signed('DELETE', '/api/v3/order', { ...fixed, orderId: orders[1].orderId })),
    'the list by REST': ({ orderListId }) => ok(alice.signed('DELETE', '/api/v3/orderList', { ...fixed, orderListId })),
    'all of a symbol': () => ok(alice.signed('DELETE', '/api/v3/openOrders', fixed)),
    'a replacement': ({ orders }) =>
      ok(alice.signed('POST', '/api/v3/order/cancelReplace', { ...replacement, ...stop, cancelOrderId: orders[0].orderId })),
    'the WebSocket API': ({ orders }) => other.bySocket('order.cancel', { ...fixed, orderId: orders[0].orderId }, true),
    gRPC: ({ orders }) => doors.grpc('CancelOrder', { ...fixed, order_id: orders[0].orderId }),
    'a mass cancel of the venue': () => venue.services.gateway.submit(massCancel(-1)),
  };
  for (const [way, cancel] of Object.entries(ways)) {
    const pair = await placed(doors, 'oco', PAIR);
    await cancel(pair);
    const told = await story(desk, pair.orderListId);
    assert.deepEqual(told.slice(0, 3), ENTERED, way);
    assert.deepEqual(told.slice(3, 5).sort(), ['ABOVE CANCELED', 'BELOW CANCELED'], way);
    assert.deepEqual(told.slice(5), [DONE], way);
    const { listOrderStatus } = await ok(alice.signed('GET', '/api/v3/orderList', { orderListId: pair.orderListId }));
    assert.equal(listOrderStatus, 'ALL_DONE', way);
    for (const { orderId } of pair.orders)
      assert.equal((await ok(alice.signed('GET', '/api/v3/order', { ...fixed, orderId }))).status, 'CANCELED', way);
  }
  const three = await placed(doors, 'otoco', OTOCO);
  const pending = three.orders[2].orderId;
  await ok(alice.signed('DELETE', '/api/v3/order', { ...fixed, orderId: pending }));
  assert.deepEqual((await story(desk, three.orderListId)).slice(4), [
    'BELOW CANCELED',
    'WORKING CANCELED',
    'ABOVE CANCELED',
    'OTO ALL_DONE ALL_DONE THREE: WORKING,ABOVE,BELOW',
  ]);
  other.close();
  desk.close();
  await venue.close();
});

it('a list that was open when the venue stopped is told of whole, with the orders that had ended', async (t) => {
  const config = configured();
  const first = await opened(t, config);
  const three = await placed(first.doors, 'otoco', OTOCO);
  const { orderListId } = await placed(first.doors, 'otoco', { ...LATER, workingPrice: '45000' });
  await first.doors.place(first.doors.bob, 'SELL', '50000');
  await first.desk.socket.until(({ event }) => event?.c === 'BELOW' && event.X === 'NEW');
  first.desk.close();
  await first.doors.venue.close();

  const { doors, desk } = await opened(t, config, false);
  await ok(doors.alice.signed('DELETE', '/api/v3/order', { symbol: SYMBOL, orderId: three.orders[2].orderId }));
  assert.deepEqual(await story(desk, three.orderListId), [
    'BELOW CANCELED',
    'ABOVE CANCELED',
    'OTO ALL_DONE ALL_DONE THREE: WORKING,ABOVE,BELOW',
  ]);
  const { orders } = await ok(doors.alice.signed('GET', '/api/v3/orderList', { orderListId }));
  const states = await Promise.all(
    orders.map(({ orderId }: any) => ok(doors.alice.signed('GET', '/api/v3/order', { symbol: SYMBOL, orderId }))),
  );
  assert.deepEqual(
    states.map(({ status }) => status),
    ['NEW', 'PENDING_NEW', 'PENDING_NEW'],
  );
  await ok(doors.alice.signed('DELETE', '/api/v3/orderList', { symbol: SYMBOL, orderListId }));
  assert.equal((await story(desk, orderListId)).at(-1), 'OTO ALL_DONE ALL_DONE LATER: WORKING-2,ABOVE-2,BELOW-2');
  desk.close();
  await doors.venue.close();
});

it('clients are told that the venue stops before their connections are closed', async (t) => {
  const { doors, desk } = await opened(t, configured());
  const { url } = doors.venue;
  const { listenKey } = await ok(doors.alice.signed('POST', '/api/v3/userDataStream'));
  const raw = await Listener.open(url, '/ws/btcusdt@trade');
  const combined = await Listener.open(url, '/stream?streams=btcusdt@trade');
  const user = await Listener.open(url, `/ws/${listenKey}`);
  const changed = await Listener.open(url, '/ws');
  assert.equal((await changed.request({ id: 1, method: 'SET_PROPERTY', params: ['combined', true] })).result, null);
  const all = [desk.socket, raw, combined, user, changed];
  const before = Date.now();
  await doors.venue.close();
  const said = [];
  for (const listener of all) {
    assert.deepEqual(await listener.untilClosed(), { code: 1001, reason: 'the venue is stopping' });
    said.push(listener.messages.at(-1));
  }
  const times = [said[0].event, said[1], said[2].data, said[3], said[4].data].map(({ E }) => E);
  for (const E of times) assert.ok(E >= before && E <= Date.now(), String(E));
  const e = 'serverShutdown';
  const inStream = (E: number) => ({ stream: '!serverShutdown', data: { e, E } });
  assert.deepEqual(said, [{ event: { e, E: times[0] } }, { e, E: times[1] }, inStream(times[2]), { e, E: times[3] }, inStream(times[4])]);
});
