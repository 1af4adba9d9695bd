/** Every byte of every field of OUCH messages: refused, or as documented. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as wire from '@outcry/wire/ouch50';
import { TAG } from '@outcry/wire/ouch50';
import { REJECT } from '../src/doors/ouch/codes.ts';
import { loginOf } from './support/logins.ts';
import type { Received } from './support/ouch-client.ts';
import { ORDER, type OuchHand, OuchVenue, ouchMessage, PASSWORD } from './support/ouch-venue.ts';

const logins = ['ALICE', 'BOB'].map((user, i) => loginOf(user, i + 1, i, [PASSWORD]));
const venue = new OuchVenue(logins);
after(() => venue.close());
const alice = venue.client(logins[0]);
const bob = venue.client(logins[1]);
let reference = 0;
const code = (letter: string) => letter.charCodeAt(0);
const codes = (letters: string) => new Set([...letters].map(code));
const every = Array.from({ length: 256 }, (_, byte) => byte);

/** What comes of one message, alone on an empty book. */
function outcome(send: (client: OuchHand, reference: number) => string | undefined): { ended?: string; received: Received[] } {
  alice.received();
  const ended = send(alice, ++reference);
  venue.runUntilIdle();
  const received = alice.received();
  alice.send(ouchMessage(wire.massCancel, { userRef: ++reference, firm: '', symbol: '' }));
  venue.runUntilIdle();
  alice.received();
  assert.equal(venue.openOrders, 0);
  return { ended, received };
}

function enter(fields: Record<string, number | string>, tags: number[] = []) {
  return outcome((client, userRef) => client.enter({ userRef, ...fields }, tags));
}

/** An entry is refused with a code, or is accepted as it was sent. */
function assertEntered({ received }: ReturnType<typeof enter>, refusal: number | undefined, what: string): void {
  if (refusal === undefined) assert.equal(received[0]?.message, 'order_accepted', what);
  else assert.deepEqual([received[0]?.message, received[0]?.reason, received.length], ['rejected', refusal, 1], what);
}

const u32 = (value: number) => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const element = (tag: number, ...value: number[]) => [value.length + 1, tag, ...value];

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
      const message = ouchMessage(wire.enterOrder, { ...ORDER, userRef: ++reference });
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
    bob.enter({ userRef: ++reference, side: 'S', price: 500_010_000, quantity: 1 });
    bob.enter({ userRef: ++reference, side: 'B', price: 499_990_000, quantity: 1 });
    venue.runUntilIdle();
    for (const byte of every) {
      alice.received();
      alice.enter({ userRef: ++reference }, element(TAG.PRICE_TYPE, byte));
      venue.runUntilIdle();
      const [received] = alice.received();
      if (codes('LPMR').has(byte)) assert.equal(received.message, 'order_accepted', `price type ${byte}`);
      else assert.deepEqual([received.message, received.reason], ['rejected', REJECT.INVALID_PEG], `price type ${byte}`);
    }
    for (const client of [alice, bob]) client.send(ouchMessage(wire.massCancel, { userRef: ++reference, firm: '', symbol: '' }));
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

describe('Replace Order', () => {
  /** What comes of a replacement of an order that stands. */
  function replace(fields: Record<string, number | string>, tags: number[] = [], original: Record<string, number | string> = {}) {
    alice.enter({ userRef: ++reference, ...original });
    venue.runUntilIdle();
    const originalRef = reference;
    return outcome((client, userRef) => {
      const replacement = {
        originalRef,
        userRef,
        quantity: 50,
        price: 500_000_000,
        timeInForce: '5',
        display: 'Y',
        sweep: 'N',
        clientOrderId: '',
      };
      return client.send(ouchMessage(wire.replaceOrder, { ...replacement, ...fields }, tags));
    });
  }

  it('with any byte in any of its codes is refused and the order stands, or does what docs/wire.md says', () => {
    for (const [field, known, refusal] of [
      ['display', 'YAN', REJECT.INVALID_DISPLAY],
      ['sweep', 'YN', REJECT.ISO_NOT_ALLOWED],
      ['timeInForce', '035', REJECT.OTHER],
    ] as const)
      for (const byte of every) {
        const { received } = replace({ [field]: byte });
        if (codes(known).has(byte)) assert.equal(received[0].message, 'order_replaced', `${field} ${byte}`);
        else
          assert.deepEqual(
            received.map(({ message, reason }) => [message, reason]),
            [['rejected', refusal]],
            `${field} ${byte}`,
          );
      }
    for (const byte of every) {
      const { received } = replace({}, element(TAG.SIDE, byte), { side: 'T' });
      if (byte === code('T')) assert.equal(received[0].message, 'order_replaced');
      else assert.deepEqual([received[0].message, received[0].reason], ['rejected', REJECT.INVALID_SIDE], `side ${byte}`);
    }
  });

  it('keeps what it does not say: side and capacity', () => {
    const { received } = replace({}, [], { side: 'E', capacity: 'A' });
    assert.deepEqual([received[0].message, received[0].side, received[0].capacity], ['order_replaced', 'E', 'A']);
  });
});

describe('Modify Order and Cancel Order', () => {
  const modify = (side: number | string, quantity: number, tags: number[] | undefined = undefined, original = 'S') => {
    alice.enter({ userRef: ++reference, side: original });
    venue.runUntilIdle();
    const userRef = reference;
    return outcome((client) => client.send(ouchMessage(wire.modifyOrder, { userRef, side, quantity }, tags))).received;
  };

  it('any byte as a side: sells may become short sales and back, all else is a Cancel Reject, and the order stands', () => {
    for (const original of 'BSTE') {
      for (const byte of every) {
        const [received] = modify(byte, 50, undefined, original);
        const mayBe = byte === code(original) || (original !== 'B' && codes('STE').has(byte));
        assert.deepEqual(
          [received.message, received.side ?? ''],
          mayBe ? ['order_modified', String.fromCharCode(byte)] : ['cancel_reject', ''],
          `${byte}`,
        );
      }
    }
  });

  it('only another side is told, a larger quantity ignored, none left is a cancel', () => {
    assert.deepEqual(
      modify('T', 100).map(({ message, side, quantity }) => [message, side, quantity]),
      [['order_modified', 'T', 100]],
    );
    assert.deepEqual(modify('S', 101), []);
    assert.deepEqual(modify('S', 0xffffffff), []);
    assert.deepEqual(
      modify('S', 0).map(({ message }) => message),
      ['order_canceled'],
    );
  });

  it('quantities of a cancel at the ends of their range', () => {
    for (const [quantity, expected] of [
      [0, [['order_canceled', 100]]],
      [1, [['order_canceled', 99]]],
      [100, []],
      [0x7fffffff, []],
      [0x80000000, []],
      [0xffffffff, []],
    ] as const) {
      alice.enter({ userRef: ++reference });
      venue.runUntilIdle();
      const userRef = reference;
      const { received } = outcome((client) => client.send(ouchMessage(wire.cancelOrder, { userRef, quantity }, undefined)));
      assert.deepEqual(
        received.map(({ message, quantity: lots }) => [message, lots]),
        expected,
        String(quantity),
      );
    }
  });

  it('with a tag that they do not have are Cancel Rejects', () => {
    for (const tag of every) {
      if (tag === TAG.USER_REF_INDEX || tag === TAG.SHARES_LOCATED || tag === TAG.LOCATE_BROKER) continue;
      const tags = element(tag, ...new Array(wire.TAG_BYTES[tag] || 3).fill(code('N')));
      assert.deepEqual(
        modify('S', 50, tags).map(({ message }) => message),
        ['cancel_reject'],
        `tag ${tag}`,
      );
      alice.enter({ userRef: ++reference });
      venue.runUntilIdle();
      const userRef = reference;
      const { received } = outcome((client) => client.send(ouchMessage(wire.cancelOrder, { userRef, quantity: 0 }, tags)));
      assert.deepEqual(
        received.map(({ message }) => message),
        ['cancel_reject'],
        `tag ${tag}`,
      );
    }
  });
});

describe('Mass Cancel, Disable and Enable Order Entry, Account Query', () => {
  const mass = (fields: Record<string, number | string>, tags: number[] = []) => {
    alice.received();
    alice.send(ouchMessage(wire.massCancel, { userRef: ++reference, firm: '', symbol: '', ...fields }, tags));
    venue.runUntilIdle();
    return alice.received();
  };
  const stand = () => {
    const orders = [
      [{ side: 'B' }, element(TAG.GROUP_ID, 0, 7)],
      [{ side: 'S', price: 600_000_000 }, []],
      [{ side: 'T', price: 600_000_000 }, element(TAG.GROUP_ID, 0, 7)],
      [{ side: 'B', symbol: 'ETHUSDT', price: 20_000_000 }, []],
      [{ side: 'B' }, element(TAG.USER_REF_INDEX, 3)],
    ] as const;
    const first = reference + 1;
    for (const [fields, tags] of orders) alice.enter({ userRef: ++reference, ...fields }, [...tags]);
    venue.runUntilIdle();
    return first;
  };
  const cancelled = (received: Received[], first: number) =>
    received.filter(({ message }) => message === 'order_canceled').map(({ userRef }) => (userRef as number) - first);

  it('take what they mean, by symbol, side, group and channel, and nothing else', () => {
    for (const [fields, tags, expected] of [
      [{}, [], [0, 1, 2, 3, 4]],
      [{ symbol: 'BTCUSDT' }, [], [0, 1, 2, 4]],
      [{ firm: 'FIRM' }, element(TAG.SIDE, code('B')), [0, 3, 4]],
      [{}, element(TAG.SIDE, code('S')), [1, 2]],
      [{}, element(TAG.GROUP_ID, 0, 7), [0, 2]],
      [{}, element(TAG.GROUP_ID, 0, 8), []],
      [{}, [...element(TAG.GROUP_ID, 0, 7), ...element(TAG.SIDE, code('T'))], [2]],
    ] as const) {
      const first = stand();
      assert.deepEqual(cancelled(mass(fields, [...tags]), first).sort(), expected, JSON.stringify([fields, tags]));
      mass({});
    }
    const first = stand();
    reference += 10;
    assert.deepEqual(cancelled(mass({}, element(TAG.USER_REF_INDEX, 3)), first), [4]);
    mass({});
    assert.equal(venue.openOrders, 0);
  });

  it('with any byte as side or in the firm, or another symbol, are refused with a reason, and nothing is cancelled', () => {
    stand();
    const refused = (received: Received[], reason: number, what: string) =>
      assert.deepEqual(
        received.map((each) => [each.message, each.userRef, each.reason]),
        [['rejected', reference, reason]],
        what,
      );
    for (const byte of every) {
      if (!codes('BSTE').has(byte)) refused(mass({}, element(TAG.SIDE, byte)), REJECT.INVALID_SIDE, `side ${byte}`);
      if (!/^[A-Z0-9 ]$/.test(String.fromCharCode(byte))) {
        const message = ouchMessage(wire.massCancel, { userRef: ++reference, firm: '', symbol: '' });
        message[wire.massCancel.at.firm] = byte;
        alice.send(message);
        venue.runUntilIdle();
        refused(alice.received(), REJECT.FIRM_NOT_AUTHORIZED, `firm ${byte}`);
        for (const type of [wire.disableEntry, wire.enableEntry]) {
          const other = ouchMessage(type, { userRef: ++reference, firm: '' });
          other[type.at.firm] = byte;
          alice.send(other);
          venue.runUntilIdle();
          refused(alice.received(), REJECT.FIRM_NOT_AUTHORIZED, `firm ${byte}`);
        }
      }
      if (byte === 0x20) continue;
      const message = ouchMessage(wire.massCancel, { userRef: ++reference, firm: '', symbol: '' });
      message[wire.massCancel.at.symbol] = byte;
      alice.send(message);
      venue.runUntilIdle();
      refused(alice.received(), REJECT.INVALID_SYMBOL, `symbol ${byte}`);
    }
    for (const tag of every) {
      const tags = element(tag, ...new Array(wire.TAG_BYTES[tag] || 3).fill(code('B')));
      if (![TAG.SIDE, TAG.GROUP_ID, TAG.USER_REF_INDEX].includes(tag as 27)) refused(mass({}, tags), REJECT.OTHER, `tag ${tag}`);
      if (tag === TAG.USER_REF_INDEX) continue;
      alice.send(ouchMessage(wire.disableEntry, { userRef: ++reference, firm: '' }, tags));
      venue.runUntilIdle();
      refused(alice.received(), REJECT.OTHER, `tag ${tag}`);
      assert.match(alice.send(ouchMessage(wire.accountQuery, {}, tags)) ?? '', /tag/);
    }
    assert.equal(venue.openOrders, 5);
    mass({});
  });

  it('a login that has disabled order entry enters nothing until it enables it, also in the next session', () => {
    alice.send(ouchMessage(wire.disableEntry, { userRef: ++reference, firm: '' }));
    assertEntered(enter({}), REJECT.FIRM_NOT_AUTHORIZED, 'disabled');
    venue.roll();
    alice.logInAgain();
    assertEntered(enter({}), REJECT.FIRM_NOT_AUTHORIZED, 'still');
    alice.send(ouchMessage(wire.enableEntry, { userRef: ++reference, firm: '' }));
    assertEntered(enter({}), undefined, 'enabled');
  });
});
