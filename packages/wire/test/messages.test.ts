/** Messages of ITCH and OUCH against the lengths of their specifications. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glimpse, itch } from '@outcry/wire/itch';
import { type MessageSet, viewOf, WIRE_ERROR } from '@outcry/wire/layout';
import * as ouch42 from '@outcry/wire/ouch42';
import * as ouch50 from '@outcry/wire/ouch50';
import fc from 'fast-check';
import { fieldsOf, write } from './support/random-messages.ts';

const SETS: Record<string, MessageSet> = {
  'ITCH 5.0 and GLIMPSE': glimpse,
  'OUCH 5.0 inbound': ouch50.inbound,
  'OUCH 5.0 outbound': ouch50.outbound,
  'OUCH 4.2 inbound': ouch42.inbound,
  'OUCH 4.2 outbound': ouch42.outbound,
};

/** Message lengths as the specifications print them. */
const LENGTHS: Record<string, string> = {
  'ITCH 5.0 and GLIMPSE': 'S12 R39 H25 Y20 L26 V35 W12 K28 J35 h21 A36 F40 E31 C36 X23 D19 U35 P44 Q40 B19 I50 N20 O48 G21',
  'OUCH 5.0 inbound': 'O45 U38 X9 M10 C17 D9 E9 Q1',
  'OUCH 5.0 outbound': 'S10 A62 U66 C18 D32 E34 B36 J29 P13 I13 T30 M18 R14 X25 G17 K17 Q13',
  'OUCH 4.2 inbound': 'O49 U47 X19 M20 N15',
  'OUCH 4.2 outbound': 'S10 A66 U80 C28 D37 E40 B32 G45 F41 J24 P23 I23 T36 M28',
};

for (const [name, set] of Object.entries(SETS)) {
  test(`${name}: every message has the length that the specification gives it`, () => {
    assert.equal(set.all.map(({ type, length }) => `${String.fromCharCode(type)}${length}`).join(' '), LENGTHS[name]);
  });

  test(`${name}: every message reads back as it was written, and touches nothing beside itself`, () => {
    for (const type of set.all) {
      fc.assert(
        fc.property(fieldsOf(type), (values) => {
          const bytes = new Uint8Array(type.length + 16).fill(0xaa);
          const view = viewOf(bytes);
          write(type, view, 8, values);
          const flyweight = new type.View().wrap(view, 8) as unknown as Record<string, number | string>;
          for (const [field, value] of Object.entries(values)) assert.equal(flyweight[field], value, `${type.name}.${field}`);
          assert.equal(set.check(view, 8, type.length), type.length);
          const outside = [...bytes.subarray(0, 8), ...bytes.subarray(8 + type.length)];
          assert.ok(outside.every((byte) => byte === 0xaa));
        }),
        { numRuns: 30 },
      );
    }
  });

  test(`${name}: truncated, over-long and unknown messages are errors, not exceptions`, () => {
    const view = new DataView(new ArrayBuffer(256));
    for (const type of set.all) {
      view.setUint8(0, type.type);
      assert.equal(set.check(view, 0, type.length - 1), WIRE_ERROR.TRUNCATED);
      assert.equal(set.check(view, 0, type.length + 1), WIRE_ERROR.OVERLONG);
      assert.equal(set.check(view, 250, type.length), type.length > 6 ? WIRE_ERROR.TRUNCATED : WIRE_ERROR.UNKNOWN_TYPE);
    }
    view.setUint8(0, 0x7f);
    assert.equal(set.check(view, 0, 20), WIRE_ERROR.UNKNOWN_TYPE);
    assert.equal(set.check(view, 0, 0), WIRE_ERROR.TRUNCATED);
  });
}

test('an ITCH add order is read from the bytes of the specification', () => {
  // locate 13, tracking 2, 09:30:00.000000001, reference 42, buy 100 AAPL at 150.25
  const hex = '41000d00021f1a4f0f1e01000000000000002a42000000644141504c202020200016ed24';
  const view = viewOf(Buffer.from(hex, 'hex'));
  assert.deepEqual(itch.describe(view, 0, 36), {
    message: 'add_order',
    locate: 13,
    tracking: 2,
    timestamp: 0x1f1a * 2 ** 32 + 0x4f0f1e01,
    reference: 42,
    side: 'B',
    shares: 100,
    stock: 'AAPL',
    price: 1_502_500,
  });
});

test('an OUCH 5.0 order carries its appendage: tags that are known are shown by name, others by their length', () => {
  const bytes = new Uint8Array(80);
  const view = viewOf(bytes);
  const order = ouch50.enterOrder.begin(new ouch50.enterOrder.View(), view, 0);
  order.userRef = 7;
  order.symbol = 'BTCUSDT';
  order.price = 600_000_100;
  const appendage = new ouch50.AppendageWriter().open(view, ouch50.enterOrder.length);
  const end = appendage.u32(ouch50.TAG.MIN_QUANTITY, 5).u8(ouch50.TAG.POST_ONLY, 0x50).u8(200, 1).finish();
  assert.equal(ouch50.checkOuch(ouch50.inbound, view, 0, end), 47);
  const shown = ouch50.describeOuch(ouch50.inbound, view, 0, end);
  assert.equal(shown.min_quantity, 5);
  assert.equal(shown.post_only, 'P');
  assert.equal(shown.tag_200, '1 bytes');
  assert.equal(shown.symbol, 'BTCUSDT');
});

test('OUCH 5.0: elements that do not fit the appendage or their tag are refused', () => {
  const bytes = new Uint8Array(64);
  const view = viewOf(bytes);
  view.setUint8(0, ouch50.enterOrder.type);
  const elements = (...list: number[]) => {
    view.setUint16(45, list.length);
    bytes.set(list, 47);
    return ouch50.checkOuch(ouch50.inbound, view, 0, 47 + list.length);
  };
  assert.equal(elements(), 47);
  assert.equal(elements(2, 28, 5), 47);
  assert.equal(elements(0), WIRE_ERROR.MALFORMED, 'a length of nothing would never end');
  assert.equal(elements(3, 28, 5), WIRE_ERROR.MALFORMED, 'beyond the appendage');
  assert.equal(elements(3, 28, 5, 0), WIRE_ERROR.MALFORMED, 'two bytes for a tag of one');
  assert.equal(ouch50.checkOuch(ouch50.inbound, view, 0, 45), WIRE_ERROR.TRUNCATED, 'an order must have an appendage length');
  view.setUint8(0, ouch50.cancelOrder.type);
  assert.equal(ouch50.checkOuch(ouch50.inbound, view, 0, 9), 9, 'a cancel may leave it out');
});

test('no decoder throws, reads outside its bytes, or works without bound on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(40), (bytes, claimed) => {
      const view = viewOf(bytes);
      for (const set of Object.values(SETS)) {
        for (const length of [bytes.length, claimed]) {
          set.describe(view, 0, length);
          ouch50.describeOuch(set, view, 0, length);
        }
      }
    }),
    { numRuns: 5000 },
  );
});
