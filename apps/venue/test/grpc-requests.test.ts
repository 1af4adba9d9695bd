/** gRPC requests outside the contract, by every protocol that the port takes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, type DescField, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Code, type ConnectError } from '@connectrpc/connect';
import * as grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { checkRequest } from '../src/doors/grpc/check-request.ts';
import { ServerReflection } from '../src/doors/grpc/generated/grpc/reflection/v1/reflection_pb.js';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { credentials, GrpcVenue, pathOf } from './support/grpc-venue.ts';
import { until } from './support/until.ts';

/** Every message that a client can send. */
const REQUESTS: DescMessage[] = [pb.Trading, pb.MarketData, pb.Admin, ServerReflection].flatMap(({ methods }) =>
  methods.map(({ input }) => input),
);

/** Messages of a description with anything in them that its wire format can carry. */
function messages(type: DescMessage): fc.Arbitrary<Message> {
  return fc.tuple(...type.fields.map((field) => fc.option(fc.tuple(fc.constant(field), values(field)), { freq: 3 }))).map((chosen) => {
    const message = create(type) as Message & Record<string, any>;
    for (const each of chosen) {
      if (each === null) continue;
      const [field, value] = each;
      if (field.oneof === undefined) message[field.localName] = value;
      else message[field.oneof.localName] = { case: field.localName, value };
    }
    return message;
  });
}

function values(field: DescField): fc.Arbitrary<unknown> {
  if (field.fieldKind === 'list') {
    const items: fc.Arbitrary<unknown> = field.message === undefined ? fc.string({ maxLength: 4 }) : messages(field.message);
    return fc.array(items, { maxLength: 3 });
  }
  if (field.fieldKind === 'message') return messages(field.message);
  if (field.fieldKind === 'enum') return fc.oneof(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
  switch (field.fieldKind === 'scalar' ? field.scalar : 0) {
    case 9:
      return fc.string({ maxLength: 8 });
    case 8:
      return fc.boolean();
    case 12:
      return fc.uint8Array({ maxLength: 8 });
    case 4:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 3:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    default:
      return fc.nat();
  }
}

/** What is wrong with a message: an independent reading of its bytes, which knows of declared numbers only what the .proto says. */
function undeclared(type: DescMessage, message: Message): string[] {
  const fields = message as Message & Record<string, any>;
  return type.fields.flatMap((field) => {
    const held = field.oneof === undefined ? fields[field.localName] : fields[field.oneof.localName];
    const value = field.oneof === undefined ? held : held.case === field.localName ? held.value : undefined;
    if (value === undefined) return [];
    if (field.enum !== undefined) return field.enum.values.some(({ number }) => number === value) ? [] : [field.name];
    if (field.message === undefined) return [];
    return (Array.isArray(value) ? value : [value]).flatMap((nested) => undeclared(field.message!, nested));
  });
}

describe('a request is read as the contract says, or refused', () => {
  for (const type of new Set(REQUESTS)) {
    it(`${type.name}: any number in any enum is declared, or refused by its field's name`, () => {
      fc.assert(
        fc.property(messages(type), (message) => {
          const sent = fromBinary(type, toBinary(type, message));
          const wrong = undeclared(type, sent);
          if (wrong.length === 0) return checkRequest(type, sent);
          assert.throws(
            () => checkRequest(type, sent),
            (error: ConnectError) => error.code === Code.InvalidArgument && wrong.some((name) => error.rawMessage.includes(name)),
          );
        }),
      );
    });

    it(`${type.name}: a field that it does not have is refused, however deep it lies`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1000, max: 2 ** 29 - 1 }), (no) => {
          const message = create(type);
          message.$unknown = [{ no, wireType: WireType.Varint, data: new Uint8Array([1]) }];
          assert.throws(() => checkRequest(type, fromBinary(type, toBinary(type, message))), new RegExp(`has no field ${no}`));
          for (const { localName, oneof, message: nested } of type.fields) {
            if (nested === undefined || oneof === undefined) continue;
            const inner = create(nested);
            inner.$unknown = message.$unknown;
            const outer = create(type, { [oneof.localName]: { case: localName, value: inner } });
            assert.throws(() => checkRequest(type, fromBinary(type, toBinary(type, outer))), /has no field/);
          }
        }),
        { numRuns: 20 },
      );
    });
  }
});

describe('a venue asked for what its contract does not have', () => {
  let venue: GrpcVenue;
  const alice = credentials('alice');
  before(async () => {
    venue = await GrpcVenue.start('grpc-requests');
  });
  after(() => venue.close());

  const { placeOrder, cancelOrder, listOpenOrders, entry } = pb.Trading.method;
  const order = (more: object = {}) =>
    create(pb.PlaceOrderRequestSchema, {
      symbol: 'BTCUSDT',
      side: pb.Side.BUY,
      type: pb.OrderType.LIMIT,
      quantity: '0.01',
      price: '50000',
      ...more,
    });
  const WRONG: [name: string, change: object][] = [3, 9, 100, -1, 2 ** 31 - 1, -(2 ** 31)].flatMap((number) => [
    ['side', { side: number }],
    ['type', { type: number === 3 ? 9 : number }],
    ['time_in_force', { timeInForce: number === 3 ? 8 : number }],
  ]);

  it('enters no order of a side, a type or a time in force that is none: by gRPC, gRPC-Web, Connect and in a stream', async () => {
    for (const [name, change] of WRONG) {
      const request = order(change);
      const refused = { code: grpc.status.INVALID_ARGUMENT, details: new RegExp(`^${name} -?\\d+ is no `) };
      await assert.rejects(venue.call(placeOrder, request, alice), refused, `${JSON.stringify(change)}`);
      const bytes = toBinary(pb.PlaceOrderRequestSchema, request);
      const headers = { authorization: String(alice.get('authorization')[0]) };
      const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]);
      const web = await fetch(venue.url + pathOf(placeOrder), {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/grpc-web+proto' },
        body: frame,
      });
      assert.match(Buffer.from(await web.arrayBuffer()).toString('latin1') + web.headers.get('grpc-status'), /grpc-status: 3|^3/);
      const [[key, value]] = Object.entries(change);
      const fields = { symbol: 'BTCUSDT', side: 1, type: 1, quantity: '0.01', price: '50000', [key]: value };
      const json = await connect(fields, headers);
      assert.deepEqual([json.status, json.body.code], [400, 'invalid_argument'], JSON.stringify(json.body));
    }
    const stream = venue.bidi(entry, alice);
    const answers: pb.EntryResponse[] = [];
    stream.on('data', (answer) => answers.push(answer)).on('error', () => undefined);
    WRONG.forEach(([, change], i) => {
      stream.write(create(pb.EntryRequestSchema, { requestId: BigInt(i + 1), request: { case: 'place', value: order(change) } }));
    });
    stream.write(create(pb.EntryRequestSchema, { requestId: 1000n, request: { case: 'place', value: order({ clientOrderId: 'good' }) } }));
    await until(
      () => answers.length > WRONG.length,
      () => `${answers.length} answers`,
    );
    for (const { requestId, response } of answers) {
      if (requestId === 1000n) assert.equal(response.case, 'placed');
      else if (requestId > 0n) assert.match(String(response.value), new RegExp(`^place\\.${WRONG[Number(requestId) - 1][0]} `));
    }
    const { orders } = (await venue.call(listOpenOrders, create(pb.ListOpenOrdersRequestSchema), alice)) as pb.ListOpenOrdersResponse;
    assert.deepEqual(
      orders.map(({ clientOrderId }) => clientOrderId),
      ['good'],
    );
    stream.end();
    await venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, { clientOrderId: 'good' }), alice);
  });

  it('takes nothing malformed, and nothing at the ends of its range, for something else', async () => {
    const placed = (await venue.call(placeOrder, order({ clientOrderId: 'one' }), alice)) as pb.PlaceOrderResponse;
    const { orderId } = placed.order!;
    const cancels: [object, grpc.status][] = [
      [{ orderId: 2n ** 64n - 1n }, grpc.status.INVALID_ARGUMENT],
      [{ orderId: 2n ** 63n }, grpc.status.INVALID_ARGUMENT],
      [{ orderId: 2n ** 53n + 1n }, grpc.status.INVALID_ARGUMENT],
      [{ orderId: 2n ** 53n - 1n }, grpc.status.NOT_FOUND],
      [{ orderId: orderId + 2n ** 53n }, grpc.status.INVALID_ARGUMENT],
      [{ orderId, clientOrderId: 'two' }, grpc.status.NOT_FOUND],
    ];
    for (const [fields, code] of cancels) {
      await assert.rejects(
        venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, fields), alice),
        { code },
        JSON.stringify(Object.keys(fields)),
      );
    }
    const orders: object[] = [
      ...['', '-1', '+1', '1e3', '0x10', ' 1', '1 ', '1.', '.5', '1,5', 'NaN', 'Infinity', '١', '9'.repeat(30), '0', '0.00'].flatMap(
        (text) => [{ price: text }, { quantity: text }],
      ),
      { type: pb.OrderType.MARKET },
      { type: pb.OrderType.MARKET, price: '', timeInForce: pb.TimeInForce.GTC },
      { type: pb.OrderType.MARKET, price: '', timeInForce: pb.TimeInForce.DAY },
      { type: pb.OrderType.MARKET, price: '', postOnly: true },
      { postOnly: true, timeInForce: pb.TimeInForce.IOC },
      { postOnly: true, timeInForce: pb.TimeInForce.FOK },
      ...[3, 4, 5, 6, 7, 8].flatMap((type) => [{ type }, { type, price: '' }]), // of orders that other doors entered
      ...[5, 6, 7].map((timeInForce) => ({ timeInForce })),
      { side: pb.Side.UNSPECIFIED },
      { type: pb.OrderType.UNSPECIFIED },
      { clientOrderId: 'a'.repeat(37) },
      { clientOrderId: 'a\0b' },
      { clientOrderId: 'a\x0135=8\x01' },
    ];
    for (const fields of orders) {
      await assert.rejects(venue.call(placeOrder, order(fields), alice), { code: grpc.status.INVALID_ARGUMENT }, JSON.stringify(fields));
    }
    const { getBook } = pb.MarketData.method;
    for (const depth of [5001, 2 ** 32 - 1]) {
      const request = create(pb.GetBookRequestSchema, { symbol: 'BTCUSDT', depth });
      await assert.rejects(venue.call(getBook, request), { code: grpc.status.INVALID_ARGUMENT });
    }
    const notUtf8 = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .bytes(new Uint8Array([0xff, 0xfe, 0x80]))
      .finish();
    await assert.rejects(venue.callBytes(placeOrder, notUtf8, alice));
    const list = (await venue.call(listOpenOrders, create(pb.ListOpenOrdersRequestSchema), alice)) as pb.ListOpenOrdersResponse;
    assert.deepEqual(
      list.orders.map((o) => o.orderId),
      [orderId],
    );
    await venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, { orderId }), alice);
  });

  it('refuses a field whose name it does not know: a misspelt postOnly would trade', async () => {
    const headers = { authorization: String(alice.get('authorization')[0]) };
    const misspelt = { symbol: 'BTCUSDT', side: 'SIDE_BUY', type: 'ORDER_TYPE_LIMIT', quantity: '0.01', price: '50000', postOnyl: true };
    assert.deepEqual((await connect(misspelt, headers)).status, 400);
    const request = order();
    request.$unknown = [{ no: 99, wireType: WireType.Varint, data: new Uint8Array([1]) }];
    await assert.rejects(venue.call(placeOrder, request, alice), { code: grpc.status.INVALID_ARGUMENT, details: /has no field 99/ });
  });

  it('a rebate is below zero, in answers and in updates', async () => {
    const rules = await fetch(`${venue.url}/outcry/v1/instruments/BTCUSDT/rules`, {
      method: 'POST',
      headers: { 'x-outcry-admin': venue.adminToken, 'content-type': 'application/json' },
      body: JSON.stringify({ MAKER_FEE: -500, TAKER_FEE: 1000 }),
    });
    assert.equal(rules.status, 200, await rules.text());
    // A rebate is paid out of what was collected.
    await venue.call(placeOrder, order({ side: pb.Side.SELL, quantity: '0.1' }), credentials('bob'));
    await venue.call(placeOrder, order({ quantity: '0.1' }), alice);
    const stream = venue.bidi(entry, alice);
    const fills: pb.Fill[] = [];
    stream.on(
      'data',
      ({ response }: pb.EntryResponse) => response.case === 'update' && response.value.fill && fills.push(response.value.fill),
    );
    stream.on('error', () => undefined);
    stream.write(create(pb.EntryRequestSchema, { requestId: 1n, request: { case: 'place', value: order({ quantity: '0.1' }) } }));
    let placed = false;
    stream.on('data', ({ requestId }: pb.EntryResponse) => {
      placed ||= requestId === 1n;
    });
    await until(
      () => placed,
      () => 'the order',
    );
    const sale = (await venue.call(
      placeOrder,
      order({ side: pb.Side.SELL, quantity: '0.1' }),
      credentials('bob'),
    )) as pb.PlaceOrderResponse;
    assert.deepEqual([sale.fills[0].fee, sale.fills[0].feeAsset], ['5.00000000', 'USDT']);
    await until(
      () => fills.length > 0,
      () => 'the fill',
    );
    assert.deepEqual([fills[0].fee, fills[0].feeAsset, fills[0].isMaker], ['-0.00005000', 'BTC', true]);
    stream.end();
  });

  it('open orders come in pages, oldest first', async () => {
    for (let i = 0; i < 7; i++)
      await venue.call(placeOrder, order({ clientOrderId: `p${i}`, symbol: i === 3 ? 'ETHUSDT' : 'BTCUSDT', price: '2000' }), alice);
    const seen: string[] = [];
    let afterOrderId = 0n;
    for (let pages = 0; pages < 5; pages++) {
      const request = create(pb.ListOpenOrdersRequestSchema, { symbol: 'BTCUSDT', limit: 2, afterOrderId });
      const { orders, next } = (await venue.call(listOpenOrders, request, alice)) as pb.ListOpenOrdersResponse;
      assert.ok(orders.length <= 2);
      seen.push(...orders.map(({ clientOrderId }) => clientOrderId));
      afterOrderId = next;
      if (next === 0n) break;
    }
    assert.deepEqual(seen, ['p0', 'p1', 'p2', 'p4', 'p5', 'p6']);
    const page = create(pb.ListOpenOrdersRequestSchema, { afterOrderId: 12345n });
    await assert.rejects(venue.call(listOpenOrders, page, alice), { code: grpc.status.ABORTED });
    for (let i = 0; i < 7; i++) await venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, { clientOrderId: `p${i}` }), alice);
  });

  async function connect(fields: object, headers: Record<string, string>) {
    const answer = await fetch(venue.url + pathOf(placeOrder), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    return { status: answer.status, body: (await answer.json()) as { code?: string } };
  }
});
