import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { FixField, FixMessage } from '@outcry/wire/fix';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { FixClient } from './support/fix-client.ts';
import { GrpcStream } from './support/grpc-stream.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';

/** FIX and gRPC tell what kind of order one is: a client that builds its state from them takes none that waits for one in the book. */

let groups = 0;

async function open(t: TestContext) {
  const data = temporaryDirectory('kinds');
  const market = { assets: DEMO_ASSETS, instruments: [DEMO_INSTRUMENTS[0]], rateLimits: DEMO_RATE_LIMITS };
  const doors = await Doors.open(t, { ...DEFAULTS, ...market, port: 0, data, ...anyPorts(`239.255.${190 + groups++}.1`) });
  await startDemo(doors.venue, { flow: false }, log);
  return doors;
}

const [PRICE, KIND, STOP, WORKING, EXECUTION, MAX_FLOOR, DISPLAY, EXEC_INST, MIN, EXPIRE] = [44, 40, 99, 636, 150, 111, 1138, 18, 110, 126];
const received = (report: FixMessage, ...tags: number[]) => tags.map((tag) => report.get(tag) ?? '-');
const soon = () => new Date(Date.now() + 3_600_000).toISOString().replaceAll('-', '').replace('T', '-').slice(0, 17);

for (const version of ['FIX.4.4', 'FIXT.1.1']) {
  it(`${version}: a stop is one in every report, and its state says whether it has fired`, async (t) => {
    const doors = await open(t);
    const fix = await FixClient.logon(doors.port('fix'), 'ALICE', version);
    t.after(() => void fix.socket.destroy());
    const status = async (id: string) => {
      fix.send('H', [
        [11, id],
        [55, SYMBOL],
        [54, 1],
      ]);
      return await fix.take('8');
    };
    const orders: [id: string, fields: FixField[], expected: string[]][] = [
      [
        'limit',
        [
          [40, 2],
          [44, '60500'],
        ],
        ['60500', '2', '-', '-'],
      ],
      [
        'stop',
        [
          [40, 3],
          [99, '61000'],
        ],
        ['-', '3', '61000', 'N'],
      ],
      [
        'stop limit',
        [
          [40, 4],
          [44, '61001.5'],
          [99, '61000'],
        ],
        ['61001.5', '4', '61000', 'N'],
      ],
    ];
    await doors.place(doors.bob, 'SELL', '61000', { quantity: '0.002' }); // the best price to buy at
    for (const [id, fields, expected] of orders) {
      fix.send('D', [[11, id], [55, SYMBOL], [54, 1], [38, '0.001'], [59, 1], ...fields]);
      const report = await fix.take('8');
      assert.deepEqual([...received(report, EXECUTION, 39), ...received(report, PRICE, KIND, STOP, WORKING)], ['0', '0', ...expected], id);
      assert.deepEqual(received(await status(id), EXECUTION, PRICE, KIND, STOP, WORKING), ['I', ...expected], id);
    }
    fix.send('F', [
      [11, 'c'],
      [41, 'stop'],
      [55, SYMBOL],
      [54, 1],
    ]);
    assert.deepEqual(received(await fix.take('8'), EXECUTION, KIND, STOP), ['4', '3', '61000']);
    assert.deepEqual(received(await status('stop'), EXECUTION, 39, KIND, STOP, WORKING), ['I', '4', '3', '61000', '-'], 'out of the store');
    await doors.place(doors.alice, 'BUY', '61000', { quantity: '0.002' });
    const fired = await fix.take('8');
    assert.deepEqual(received(fired, 11, EXECUTION, 39, KIND, STOP, WORKING), ['stop limit', '0', '0', '4', '61000', 'Y']);
    assert.deepEqual(received(await status('stop limit'), PRICE, KIND, STOP, WORKING), ['61001.5', '4', '61000', 'Y']);
    await doors.place(doors.bob, 'SELL', '61001.5');
    assert.deepEqual(received(await fix.take('8'), 11, EXECUTION, KIND, STOP, WORKING), ['stop limit', 'F', '4', '61000', '-']);
    fix.socket.destroy();
  });

  it(`${version}: an iceberg, post-only, a minimum and a time of expiry come back as they were sent`, async (t) => {
    const doors = await open(t);
    const fix = await FixClient.logon(doors.port('fix'), 'ALICE', version);
    t.after(() => void fix.socket.destroy());
    const time = soon();
    const display = version === 'FIXT.1.1' ? DISPLAY : MAX_FLOOR;
    fix.order('iceberg', 1, '0.1', '50000', [[210, '0.01']]);
    assert.deepEqual(received(await fix.take('8'), EXECUTION, KIND, display, MAX_FLOOR + DISPLAY - display), ['0', '2', '0.01', '-']);
    fix.order('maker', 1, '0.1', '50000', [[18, '6']]);
    assert.deepEqual(received(await fix.take('8'), EXECUTION, EXEC_INST, display, MIN, EXPIRE), ['0', '6', '-', '-', '-']);
    fix.send('D', [
      [11, 'dated'],
      [55, SYMBOL],
      [54, 1],
      [38, '0.1'],
      [40, 2],
      [44, '50000'],
      [59, 6],
      [126, time],
    ]);
    const dated = await fix.take('8');
    assert.deepEqual([...received(dated, EXECUTION, 59), dated.get(EXPIRE)?.slice(0, 17)], ['0', '6', time]);
    fix.socket.destroy();
  });
}

it('orders of other doors are told by FIX and gRPC as what they are', async (t) => {
  const doors = await open(t);
  const stream = GrpcStream.open(doors.port('grpc'), 'ALICE', 'alicepass');
  t.after(() => stream.close());
  const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
  t.after(() => void fix.socket.destroy());
  await doors.place(doors.bob, 'SELL', '61000');
  await doors.place(doors.bob, 'BUY', '59000');
  const goodTillDate = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
  const cases: [order: Record<string, unknown>, fix: string[], grpc: Record<string, unknown>][] = [
    [
      { type: 'LIMIT', price: '58000' },
      ['2', '58000', '-'],
      { type: 'ORDER_TYPE_LIMIT', price: '58000.00000000', trigger_price: '', waiting: false },
    ],
    [{ type: 'LIMIT_MAKER', price: '58000', timeInForce: undefined }, ['2', '58000', '-'], { type: 'ORDER_TYPE_LIMIT', post_only: true }],
    [
      { type: 'STOP_LOSS', stopPrice: '62000', price: undefined, timeInForce: undefined },
      ['3', '-', '62000'],
      { type: 'ORDER_TYPE_STOP', price: '', trigger_price: '62000.00000000', waiting: true },
    ],
    [
      { type: 'STOP_LOSS_LIMIT', stopPrice: '62000', price: '62001' },
      ['4', '62001', '62000'],
      { type: 'ORDER_TYPE_STOP_LIMIT', price: '62001.00000000', trigger_price: '62000.00000000', waiting: true },
    ],
    [
      { type: 'TAKE_PROFIT', stopPrice: '55000', price: undefined, timeInForce: undefined },
      ['J', '-', '55000'],
      { type: 'ORDER_TYPE_TAKE_PROFIT', trigger_price: '55000.00000000', waiting: true },
    ],
    [
      { type: 'TAKE_PROFIT_LIMIT', stopPrice: '55000', price: '55001' },
      ['4', '55001', '55000'],
      { type: 'ORDER_TYPE_TAKE_PROFIT_LIMIT', price: '55001.00000000', trigger_price: '55000.00000000', waiting: true },
    ],
    [{ type: 'LIMIT', price: undefined, pegPriceType: 'PRIMARY_PEG' }, ['P', '59000', '-'], { type: 'ORDER_TYPE_PEGGED', waiting: false }],
    [{ type: 'LIMIT', price: '58000', icebergQty: '0.0005' }, ['2', '58000', '-'], { display_quantity: '0.00050000' }],
  ];
  for (const [n, [order, byFix, byGrpc]] of cases.entries()) {
    const id = `case-${n}`;
    const placed = await doors.alice.signed('POST', '/api/v3/order', {
      ...defined({ symbol: SYMBOL, side: 'BUY', timeInForce: 'GTC', quantity: '0.001', newClientOrderId: id, ...order }),
    });
    assert.equal(placed.status, 200, `${id}: ${JSON.stringify(placed.body)}`);
    fix.send('H', [
      [11, id],
      [55, SYMBOL],
      [54, 1],
    ]);
    assert.deepEqual(received(await fix.take('8'), KIND, PRICE, STOP), byFix, id);
    const { orders } = await doors.grpc('listOpenOrders', {});
    const listed = orders.find((one: { client_order_id: string }) => one.client_order_id === id);
    assert.deepEqual(pick(listed, byGrpc), byGrpc, id);
    const updates = await stream.updatesOf(id);
    assert.deepEqual(pick(updates[0], byGrpc), byGrpc, id);
  }
  const dated = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTD', goodTillDate, quantity: '0.001', price: '58000' };
  await ok(doors.alice.signed('POST', '/outcry/v1/order', { ...dated, newClientOrderId: 'dated' }));
  const [update] = await stream.updatesOf('dated');
  assert.deepEqual(pick(update, { time_in_force: '', expire_time: '' }), {
    time_in_force: 'TIME_IN_FORCE_GTD',
    expire_time: String(goodTillDate * 1000),
  });
  fix.socket.destroy();
  stream.close();
});

it('an order that meets one of its own account says in FIX’s Text which one', async (t) => {
  const doors = await open(t);
  const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
  t.after(() => void fix.socket.destroy());
  fix.order('maker', 1, '0.005', '59000');
  assert.equal((await fix.take('8')).get(EXECUTION), '0');
  const meet = async (selfTradePreventionMode: string) =>
    (await doors.place(doors.alice, 'SELL', '59000', { selfTradePreventionMode })).orderId as number;
  const decrements = await meet('DECREMENT');
  assert.deepEqual(received(await fix.take('8'), EXECUTION, 151, 58), ['D', '0.004', `self trade: match 1 with order ${decrements}`]);
  const expires = await meet('EXPIRE_BOTH');
  assert.deepEqual(received(await fix.take('8'), EXECUTION, 151, 58), ['C', '0', `self trade: match 2 with order ${expires}`]);
});

it('a stop that fires is told on the stream of order entry', async (t) => {
  const doors = await open(t);
  const stream = GrpcStream.open(doors.port('grpc'), 'ALICE', 'alicepass');
  t.after(() => stream.close());
  await doors.place(doors.bob, 'SELL', '61000', { quantity: '0.002' });
  const stop = { type: 'STOP_LOSS_LIMIT', stopPrice: '61000', quantity: '0.001', newClientOrderId: 'stop' };
  await doors.place(doors.alice, 'BUY', '60000', stop);
  assert.deepEqual(
    (await stream.updatesOf('stop')).map(({ waiting }) => waiting),
    [true],
  );
  await doors.place(doors.alice, 'BUY', '61000');
  assert.deepEqual(
    (await stream.updatesOf('stop', 2)).slice(0, 2).map(({ waiting, type }) => [waiting, type]),
    [
      [true, 'ORDER_TYPE_STOP_LIMIT'],
      [false, 'ORDER_TYPE_STOP_LIMIT'],
    ],
  );
  stream.close();
});

function defined(fields: Record<string, unknown>): Record<string, any> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function pick(from: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, from[key]]));
}
