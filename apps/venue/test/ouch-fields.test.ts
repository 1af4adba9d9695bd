/** Every byte of every field of Enter Order: refused, or as documented. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as wire from '@outcry/wire/ouch50';
import { TAG } from '@outcry/wire/ouch50';
import { REJECT } from '../src/doors/ouch/codes.ts';
import { alice, assertEntered, bob, code, codes, element, enter, every, outcome, references, u32, venue } from './support/ouch-fields.ts';
import { ouchMessage } from './support/ouch-message.ts';
import { ORDER } from './support/ouch-venue.ts';

describe('a field of Enter Order with any byte is refused, or does what docs/wire.md says', () => {
  const fields: [string, string, number][] = [
    ['side', 'BSTE', REJECT.INVALID_SIDE],
    ['display', 'YAN', REJECT.INVALID_DISPLAY],
    ['capacity', 'APRO', REJECT.OTHER],
    ['sweep', 'YN', REJECT.ISO_NOT_ALLOWED],
    ['timeInForce', '035', REJECT.OTHER],
  ];
  for (const [field, known, refusal] of fields) {
    it(field, () => {
      for (const byte of every) {
        const result = enter({ [field]: byte });
        const isKnown = codes(known).has(byte);
        assertEntered(result, isKnown ? undefined : refusal, `${field} ${byte}`);
        if (isKnown) assert.equal(result.received[0][field], String.fromCharCode(byte), 'it is said back as it was sent');
      }
    });
  }

  it('crossType', () => {
    for (const byte of every) {
      const result = enter({ crossType: byte });
      if (byte === code('N') || byte === code('C')) assertEntered(result, undefined, `cross ${byte}`);
      else assertEntered(result, REJECT.INVALID_CROSS, `cross ${byte}`); // 'O': the opening is over
    }
  });

  it('message type', () => {
    const types = codes('OUXMCDEQ');
    for (const byte of every) {
      const message = ouchMessage(wire.enterOrder, { ...ORDER, userRef: references.next() });
      message[0] = byte;
      if (byte === code('O')) continue;
      assert.match(alice.send(message) ?? '', types.has(byte) ? /overlong|malformed|truncated/ : /unknown_type/, `type ${byte}`);
    }
  });

  it('symbol: any byte in any of its letters but its own is another symbol', () => {
    for (let place = 0; place < 8; place++) {
      for (const byte of every) {
        const letters = [...'BTCUSDT '];
        const isSame = letters[place] === String.fromCharCode(byte);
        const message = ouchMessage(wire.enterOrder, { ...ORDER, userRef: 0 });
        message[wire.enterOrder.at.symbol + place] = byte;
        const result = outcome((client, userRef) => {
          new DataView(message.buffer).setUint32(wire.enterOrder.at.userRef, userRef);
          return client.send(message);
        });
        assertEntered(result, isSame ? undefined : REJECT.INVALID_SYMBOL, `${byte} at ${place}`);
      }
    }
  });
});

describe('a tag of Enter Order with any byte is refused, or does what docs/wire.md says', () => {
  const letters: [string, number, string, number][] = [
    ['CustomerType', TAG.CUSTOMER_TYPE, 'RN ', REJECT.OTHER],
    ['PostOnly', TAG.POST_ONLY, 'PN', REJECT.OTHER],
    ['SharesLocated', TAG.SHARES_LOCATED, 'YN', REJECT.OTHER],
    ['Side', TAG.SIDE, 'B', REJECT.INVALID_SIDE],
  ];
  for (const [name, tag, known, refusal] of letters) {
    it(name, () => {
      for (const byte of every)
        assertEntered(enter({}, element(tag, byte)), codes(known).has(byte) ? undefined : refusal, `${name} ${byte}`);
    });
  }

  it('PriceType', () => {
    bob.enter({ userRef: references.next(), side: 'S', price: 500_010_000, quantity: 1 });
    bob.enter({ userRef: references.next(), side: 'B', price: 499_990_000, quantity: 1 });
    venue.runUntilIdle();
    for (const byte of every) {
      alice.received();
      alice.enter({ userRef: references.next() }, element(TAG.PRICE_TYPE, byte));
      venue.runUntilIdle();
      const [received] = alice.received();
      if (codes('LPMR').has(byte)) assert.equal(received.message, 'order_accepted', `price type ${byte}`);
      else assert.deepEqual([received.message, received.reason], ['rejected', REJECT.INVALID_PEG], `price type ${byte}`);
    }
    for (const client of [alice, bob]) client.send(ouchMessage(wire.massCancel, { userRef: references.next(), firm: '', symbol: '' }));
    venue.runUntilIdle();
  });

  it('every tag that is not known here, or belongs to another message, with a value of its size', () => {
    const taken = new Set<number>([
      ...[TAG.FIRM, TAG.MIN_QUANTITY, TAG.CUSTOMER_TYPE, TAG.MAX_FLOOR, TAG.PRICE_TYPE, TAG.PEG_OFFSET, TAG.POST_ONLY],
      ...[TAG.EXPIRE_TIME, TAG.GROUP_ID, TAG.SHARES_LOCATED, TAG.LOCATE_BROKER, TAG.SIDE, TAG.USER_REF_INDEX],
    ]);
    for (const tag of every) {
      if (taken.has(tag)) continue;
      const result = enter({}, element(tag, ...new Array(wire.TAG_BYTES[tag] || 3).fill(code('N'))));
      assertEntered(result, tag === TAG.ROUTE ? REJECT.ROUTING_NOT_ALLOWED : REJECT.OTHER, `tag ${tag}`);
    }
  });

  it('one that comes twice', () => {
    for (const [tag, value] of [
      [TAG.MIN_QUANTITY, u32(1)],
      [TAG.POST_ONLY, [code('N')]],
      [TAG.FIRM, [65, 65, 65, 65]],
      [TAG.GROUP_ID, [0, 1]],
    ] as const)
      assertEntered(enter({}, [...element(tag, ...value), ...element(tag, ...value)]), REJECT.OTHER, `tag ${tag}`);
  });

  it('names of firms and brokers: capitals, digits and blanks', () => {
    for (const tag of [TAG.FIRM, TAG.LOCATE_BROKER])
      for (const byte of every) {
        const isLetter = /^[A-Z0-9 ]$/.test(String.fromCharCode(byte));
        const refusal = tag === TAG.FIRM ? REJECT.FIRM_NOT_AUTHORIZED : REJECT.OTHER;
        assertEntered(enter({}, element(tag, 65, byte, 65, 65)), isLetter ? undefined : refusal, `name with ${byte}`);
      }
  });

  it('numbers at the ends of their ranges', () => {
    const max = 0xffffffff;
    const cases: [number, number, number | undefined, Record<string, number | string>?][] = [
      [TAG.MIN_QUANTITY, 0, undefined],
      [TAG.MIN_QUANTITY, 100, undefined],
      [TAG.MIN_QUANTITY, 101, REJECT.INVALID_MIN_QUANTITY],
      [TAG.MIN_QUANTITY, max, REJECT.INVALID_MIN_QUANTITY],
      [TAG.MAX_FLOOR, 0, undefined],
      [TAG.MAX_FLOOR, 100, undefined],
      [TAG.MAX_FLOOR, 101, REJECT.INVALID_MAX_FLOOR],
      [TAG.MAX_FLOOR, max, REJECT.INVALID_MAX_FLOOR],
      [TAG.EXPIRE_TIME, 1, undefined, { timeInForce: '6' }],
      [TAG.EXPIRE_TIME, max, undefined, { timeInForce: '6' }],
      [TAG.EXPIRE_TIME, 0, REJECT.OTHER, { timeInForce: '6' }],
      ...['0', '3', '5'].map((timeInForce): (typeof cases)[0] => [TAG.EXPIRE_TIME, 10, REJECT.OTHER, { timeInForce }]),
      [TAG.EXPIRE_TIME, 10, REJECT.OTHER, { timeInForce: '6', price: 0x7fffffff }],
      [TAG.EXPIRE_TIME, 10, REJECT.OTHER, { timeInForce: '6', crossType: 'C' }],
      [TAG.PEG_OFFSET, 100, REJECT.INVALID_PEG],
      [TAG.PEG_OFFSET, 0x80000000, REJECT.INVALID_PRICE], // no whole ticks
    ];
    for (const [tag, value, refusal, fields] of cases)
      assertEntered(enter(fields ?? {}, element(tag, ...u32(value))), refusal, `tag ${tag}, ${value}, ${JSON.stringify(fields)}`);
    assertEntered(enter({ timeInForce: '6' }), REJECT.OTHER, 'no time to expire');
    for (const group of [0, 1, 0xffff]) assertEntered(enter({}, element(TAG.GROUP_ID, group >> 8, group & 0xff)), undefined, 'a group');
    for (const channel of [0, 1, 255]) {
      const result = enter({}, element(TAG.USER_REF_INDEX, channel));
      assert.deepEqual([result.received[0].message, result.received[0].user_ref_index ?? 0], ['order_accepted', channel]);
    }
  });
});

describe('numbers of Enter Order at the ends of their ranges', () => {
  it('quantity', () => {
    for (const [quantity, refusal] of [
      [0, REJECT.INVALID_QUANTITY],
      [1, undefined],
      [0x7fffffff, REJECT.NOTIONAL_EXCEEDS],
      [0x80000000, REJECT.INVALID_QUANTITY],
      [0xffffffff, REJECT.INVALID_QUANTITY],
    ] as const) {
      const { received } = enter({ quantity });
      if (quantity === 0x7fffffff && received[0].message === 'order_accepted') continue; // the notional fits
      assertEntered({ received }, refusal, `quantity ${quantity}`);
    }
  });

  it('price', () => {
    const { wireTick } = venue.market.instruments[0];
    for (const [price, refusal] of [
      [0, REJECT.INVALID_PRICE],
      [wireTick, undefined],
      [wireTick + 1, REJECT.INVALID_PRICE],
      [0x7ffffffe * wireTick, undefined],
      [0x7fffffff * wireTick, REJECT.INVALID_PRICE],
      [2 ** 53, REJECT.INVALID_PRICE],
      [2 ** 63, REJECT.INVALID_PRICE],
    ] as const)
      assertEntered(enter({ price, quantity: 1 }), refusal, `price ${price}`);
  });

  it('user reference: 0 is none, each is used once, upward, to the last that there is', () => {
    const channel = element(TAG.USER_REF_INDEX, 200);
    const query = () => {
      alice.received();
      alice.send(ouchMessage(wire.accountQuery, {}, channel));
      venue.runUntilIdle();
      return alice.received()[0].nextUserRef;
    };
    alice.received();
    assert.equal(query(), 1);
    for (const userRef of [0, 5, 5, 4, 0x7fffffff, 0x80000000, 0x7fffffff, 0xfffffffe, 0xfffffffe, 0]) alice.enter({ userRef }, channel);
    venue.runUntilIdle();
    assert.deepEqual(
      alice.received().map(({ message, userRef }) => [message, userRef]),
      [5, 0x7fffffff, 0x80000000, 0xfffffffe].map((userRef) => ['order_accepted', userRef]),
    );
    assert.equal(query(), 0xffffffff, 'none is left: this one is refused');
    for (const userRef of [5, 0x80000000, 0xfffffffe, 0x7fffffff])
      alice.send(ouchMessage(wire.cancelOrder, { userRef, quantity: 0 }, channel));
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 0);
    alice.received();
  });
});

it('the highest UserRefNum is refused in every message that uses one, and those after it are taken: a mistake ends no login', () => {
  const channel = element(TAG.USER_REF_INDEX, 201);
  const send = (message: Parameters<typeof ouchMessage>[0], fields: Record<string, number | string>) => {
    alice.send(ouchMessage(message, fields, channel));
    venue.runUntilIdle();
    return alice.received().map((received) => [received.message, received.userRef, received.reason]);
  };
  alice.received();
  alice.enter({ userRef: 1, clientOrderId: 'ONE' }, channel);
  venue.runUntilIdle();
  alice.received();
  const refused = [['rejected', 0xffffffff, REJECT.OTHER]];
  alice.enter({ userRef: 0xffffffff, clientOrderId: 'MISTAKE' }, channel);
  venue.runUntilIdle();
  const [received] = alice.received();
  assert.deepEqual(
    [received.message, received.userRef, received.reason, received.clientOrderId],
    ['rejected', 0xffffffff, REJECT.OTHER, 'MISTAKE'],
  );
  const order = { price: 500_000_000, quantity: 50, timeInForce: '5', display: 'Y', sweep: 'N', clientOrderId: '' };
  assert.deepEqual(send(wire.replaceOrder, { originalRef: 1, userRef: 0xffffffff, ...order }), refused);
  assert.deepEqual(send(wire.massCancel, { userRef: 0xffffffff, firm: '', symbol: '' }), refused);
  assert.deepEqual(send(wire.disableEntry, { userRef: 0xffffffff, firm: '' }), refused);
  assert.equal(venue.openOrders, 1, 'nothing of it had any effect');
  alice.enter({ userRef: 2 }, channel);
  venue.runUntilIdle();
  assert.deepEqual(
    alice.received().map(({ message, userRef }) => [message, userRef]),
    [['order_accepted', 2]],
  );
  assert.deepEqual(send(wire.massCancel, { userRef: 3, firm: '', symbol: '' }).slice(1).length, 2);
});
