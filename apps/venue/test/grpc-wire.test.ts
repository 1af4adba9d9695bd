/** Bytes of protobuf messages that decoders read differently. */
import assert from 'node:assert/strict';
import type http2 from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { create, type DescField, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { ServerReflection } from '../src/doors/grpc/generated/grpc/reflection/v1/reflection_pb.js';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { WireCheck, wirePlanOf } from '../src/doors/grpc/wire-check.ts';
import { basic, begin, credentials, GrpcVenue, pathOf } from './support/grpc-venue.ts';
import { until } from './support/until.ts';

const REQUESTS: DescMessage[] = [pb.Trading, pb.MarketData, pb.Admin, ServerReflection].flatMap(({ methods }) =>
  methods.map(({ input }) => input),
);
const check = new WireCheck();
const { placeOrder, cancelOrder, listOpenOrders, entry } = pb.Trading.method;

/** A number as it is on the wire, of any width. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

const number = (field: number, value: bigint) => [...varint(BigInt(field << 3)), ...varint(value)];
const bytes = (field: number, content: readonly number[]) => [
  ...varint(BigInt((field << 3) | 2)),
  ...varint(BigInt(content.length)),
  ...content,
];
const text = (field: number, value: string) => bytes(field, [...Buffer.from(value)]);

const isNumber = (field: DescField) =>
  field.fieldKind === 'enum' || (field.fieldKind === 'scalar' && ![1, 2, 6, 7, 9, 12, 15, 16].includes(field.scalar));
const isVarint = (field: DescField) => field.fieldKind !== 'list' && isNumber(field);
/** Any value of a field as it is on the wire. */
const someOf = (field: DescField): number[] => (isVarint(field) ? number(field.number, 1n) : bytes(field.number, []));
const widthOf = (field: DescField): bigint => {
  if (field.fieldKind === 'enum') return 31n;
  const scalar = field.fieldKind === 'scalar' ? field.scalar : 0;
  return { 3: 64n, 4: 64n, 18: 64n, 8: 1n, 5: 31n }[scalar as number] ?? 32n;
};

/** The messages that a request can hold, itself first, each with what puts it into the request. */
function withNested(type: DescMessage, wrap = (inner: number[]) => inner): [DescMessage, (inner: number[]) => number[]][] {
  const nested = type.fields.flatMap((field) =>
    field.message === undefined ? [] : withNested(field.message, (inner) => wrap(bytes(field.number, inner))),
  );
  return [[type, wrap], ...nested];
}

describe('the bytes of a request say what is read from them, or it is refused', () => {
  const faultOf = (type: DescMessage, request: number[]) => check.faultOf(wirePlanOf(type), Uint8Array.from(request));

  for (const request of new Set(REQUESTS)) {
    for (const [type, wrap] of withNested(request)) {
      for (const field of type.fields) {
        const name = `${request.name}: ${type.name}.${field.name}`;
        if (isVarint(field)) {
          it(`${name} of more bits than it has, by any number`, () => {
            const least = 1n << widthOf(field);
            const most = field.fieldKind === 'enum' || widthOf(field) === 31n ? 2n ** 64n - 2n ** 31n - 1n : 2n ** 70n - 1n;
            fc.assert(
              fc.property(fc.bigInt({ min: least, max: most }), (value) => {
                assert.match(faultOf(request, wrap(number(field.number, value))) ?? 'taken', new RegExp(`\\b${field.name} does not fit`));
              }),
            );
          });
        }
        if (field.fieldKind !== 'list') {
          it(`${name} twice, wherever the second one is`, () => {
            for (const between of [
              [],
              ...type.fields.filter((other) => other.oneof !== field.oneof || other.oneof === undefined).map(someOf),
            ]) {
              const twice = wrap([...someOf(field), ...between, ...someOf(field)]);
              assert.match(faultOf(request, twice) ?? 'taken', /is there twice|is not the only/);
            }
          });
        }
        it(`${name} of another wire type`, () => {
          const other = isVarint(field) ? bytes(field.number, [1]) : number(field.number, 1n);
          assert.match(faultOf(request, wrap(other)) ?? 'taken', new RegExp(`${field.name} has wire type`));
        });
      }
      it(`${request.name}: ${type.name} with a field that goes on behind its end`, () => {
        for (const field of type.fields) {
          const long = wrap([...varint(BigInt((field.number << 3) | (isVarint(field) ? 0 : 2))), ...(isVarint(field) ? [0x80] : [9, 0])]);
          assert.match(faultOf(request, [...long, 0, 0, 0, 0]) ?? 'taken', /has no end|malformed|has no field 0/);
        }
      });
    }

    it(`${request.name}: no bytes make the look throw or read beyond them, and what it takes a decoder reads`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
          const fault = check.faultOf(wirePlanOf(request), Uint8Array.from([...noise, 0xff, 0xff]), 0, noise.length);
          fc.pre(fault === undefined);
          let message: Message;
          try {
            message = fromBinary(request, noise);
          } catch (error) {
            assert.equal((error as NodeJS.ErrnoException).code, 'ERR_ENCODING_INVALID_ENCODED_DATA', String(error)); // no UTF-8
            return;
          }
          assert.equal(check.faultOf(wirePlanOf(request), toBinary(request, message)), undefined);
        }),
        { numRuns: 300, maxSkipsPerRun: 1000 },
      );
    });
  }

  it('two members of a oneof', () => {
    assert.match(faultOf(pb.EntryRequestSchema, [...bytes(2, []), ...bytes(3, [])]) ?? '', /cancel is not the only request/);
  });

  it('a negative number of an enum, and numbers at the ends of their range, are as they are', () => {
    const ends = [0n, 1n, 2n ** 31n - 1n, 2n ** 64n - 1n, 2n ** 64n - 2n ** 31n];
    for (const value of ends) assert.equal(faultOf(pb.PlaceOrderRequestSchema, number(2, value)), undefined);
    assert.equal(faultOf(pb.CancelOrderRequestSchema, number(1, 2n ** 64n - 1n)), undefined);
    assert.equal(faultOf(pb.GetBookRequestSchema, number(2, 2n ** 32n - 1n)), undefined);
  });
});

/** The status in which a stream ends. */
function statusIn(stream: http2.ClientHttp2Stream): Promise<unknown> {
  stream.resume();
  return new Promise((resolve) => {
    const take = (headers: http2.IncomingHttpHeaders) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']);
    stream.on('response', take).on('trailers', take);
    stream.on('close', () => resolve(`closed ${stream.rstCode}`));
  });
}

describe('a venue is sent bytes that a decoder reads as another order', () => {
  let venue: GrpcVenue;
  const alice = credentials('alice');
  before(async () => {
    venue = await GrpcVenue.start('grpc-wire');
  });
  after(() => venue.close());

  const order = (side: number[], more: number[] = []) => [
    ...text(1, 'BTCUSDT'),
    ...side,
    ...number(3, 1n),
    ...text(5, '0.01'),
    ...text(6, '50000'),
    ...more,
  ];
  const WRONG: [name: string, order: number[]][] = [
    ['side', order(number(2, 2n ** 32n + 2n))],
    ['side', order(number(2, 2n ** 63n + 1n))],
    ['side', order([...number(2, 1n), ...number(2, 2n)])],
    ['price', order(number(2, 1n), text(6, '40000'))],
    ['post_only', order(number(2, 1n), number(8, 2n ** 32n))],
  ];
  /** They end a stream, too. */
  const BROKEN: [name: string, order: number[]][] = [
    ['time_in_force', order(number(2, 1n), bytes(4, [1]))],
    ['client_order_id', order(number(2, 1n), [...varint(BigInt((7 << 3) | 2)), 9, 65])],
    ['side', order([...number(2, 2n ** 64n)])],
  ];
  const framed = (message: number[], flags = 0) => {
    const head = Buffer.alloc(5);
    head[0] = flags;
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, Buffer.from(message)]);
  };
  const openOrders = async () => {
    const { orders } = (await venue.call(listOpenOrders, create(pb.ListOpenOrdersRequestSchema), alice)) as pb.ListOpenOrdersResponse;
    return orders.map(({ clientOrderId }) => clientOrderId);
  };

  it('and refuses it with the name of the field: by gRPC, gRPC-Web, Connect and in a stream, which goes on', async () => {
    const headers = { authorization: basic('alice') };
    for (const [name, message] of [...WRONG, ...BROKEN]) {
      const refused = { code: grpc.status.INVALID_ARGUMENT, details: new RegExp(`^${name} `) };
      await assert.rejects(venue.callBytes(placeOrder, Uint8Array.from(message), alice), refused);
      const post = (type: string, body: Buffer) =>
        fetch(venue.url + pathOf(placeOrder), { method: 'POST', headers: { ...headers, 'content-type': type }, body });
      const web = await post('application/grpc-web+proto', framed(message));
      assert.match(Buffer.from(await web.arrayBuffer()).toString('latin1') + web.headers.get('grpc-status'), /grpc-status: 3|^3/);
      const connect = await post('application/proto', Buffer.from(message));
      const { code, message: why } = (await connect.json()) as { code: string; message: string };
      assert.deepEqual([connect.status, code], [400, 'invalid_argument']);
      assert.match(why, new RegExp(`^${name} `));
    }
    const stream = begin(venue.connect(), pathOf(entry), headers);
    const answers: pb.EntryResponse[] = [];
    let rest = Buffer.alloc(0);
    stream.on('data', (piece: Buffer) => {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
        answers.push(fromBinary(pb.EntryResponseSchema, rest.subarray(5, 5 + rest.readUInt32BE(1))));
        rest = rest.subarray(5 + rest.readUInt32BE(1));
      }
    });
    const entered = (id: number, message: number[]) => framed([...number(1, BigInt(id)), ...bytes(2, message)]);
    const good = (id: string) => order(number(2, 1n), text(7, id));
    const all = [entered(100, good('first')), ...WRONG.map(([, message], i) => entered(i + 1, message)), entered(101, good('last'))];
    const both = framed([...number(1, 50n), ...bytes(2, good('both')), ...bytes(3, text(2, 'first'))]);
    const sent = Buffer.concat([...all, both]);
    stream.write(sent.subarray(0, 7)); // a head, and a piece of its message
    for (const byte of sent.subarray(7, 60)) stream.write(Buffer.from([byte]));
    stream.write(sent.subarray(60));
    await until(
      () => answers.filter(({ requestId }) => requestId !== 0n).length === all.length + 1,
      () => `${answers.length} answers`,
    );
    for (const { requestId, response } of answers) {
      if (requestId >= 100n) assert.equal(response.case, 'placed');
      else if (requestId === 50n) assert.match(String(response.value), /^cancel is not the only request/);
      else if (requestId > 0n) assert.match(String(response.value), new RegExp(`^place\\.${WRONG[Number(requestId) - 1][0]} `));
    }
    assert.deepEqual(await openOrders(), ['first', 'last']);
    stream.close();
    for (const clientOrderId of ['first', 'last'])
      await venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, { clientOrderId }), alice);
  });

  it('a message in a thousand pieces is read as in one', async () => {
    const session = venue.connect();
    const stream = begin(session, pathOf(placeOrder), { authorization: basic('alice') });
    let status = '';
    stream.on('trailers', (headers) => (status = `${headers['grpc-status']} ${headers['grpc-message']}`));
    stream.on('response', (headers) => (status ||= `${headers['grpc-status']}`));
    const message = framed(order([...number(2, 1n), ...number(2, 2n)]));
    for (const byte of message) {
      stream.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    stream.end();
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    assert.match(decodeURIComponent(status), /^3 side is there twice/);
    session.destroy();
  });

  it('a message that is broken ends its stream, and enters nothing', async () => {
    const session = venue.connect();
    for (const [, message] of BROKEN) {
      const stream = begin(session, pathOf(entry), { authorization: basic('alice') });
      const ended = statusIn(stream);
      stream.end(framed([...number(1, 1n), ...bytes(2, message)]));
      assert.equal(await ended, '3');
    }
    assert.deepEqual(await openOrders(), []);
    session.destroy();
  });

  it('flags of a message that are neither 0 nor 1 end the call, in unary calls and in streams', async () => {
    const session = venue.connect();
    const good = order(number(2, 1n), text(7, 'flagged'));
    const calls: [typeof placeOrder | typeof entry, number[]][] = [
      [placeOrder, good],
      [entry, bytes(2, good)],
    ];
    for (const flags of [2, 3, 0x80, 0xff]) {
      for (const [method, message] of calls) {
        const stream = begin(session, pathOf(method), { authorization: basic('alice') });
        const status = statusIn(stream);
        stream.end(framed(message, flags));
        assert.equal(await status, '3', `flags ${flags}`);
      }
    }
    assert.deepEqual(await openOrders(), []);
    session.destroy();
  });

  it('a field that an older client writes as zero, and numbers that are longer than they must be, are taken', async () => {
    const zero = new BinaryWriter().tag(4, WireType.Varint).int32(0).finish();
    const long = [...varint(BigInt(2 << 3)), 0x81, 0x80, 0x00];
    await venue.callBytes(placeOrder, Uint8Array.from(order(long, [...zero, ...text(7, 'zero')])), alice);
    assert.deepEqual(await openOrders(), ['zero']);
    await venue.call(cancelOrder, create(pb.CancelOrderRequestSchema, { clientOrderId: 'zero' }), alice);
  });
});
