/** Every byte of the messages that change orders: refused, or as documented. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as wire from '@outcry/wire/ouch50';
import { TAG } from '@outcry/wire/ouch50';
import { REJECT } from '../src/doors/ouch/codes.ts';
import type { Received } from './support/ouch-client.ts';
import { alice, assertEntered, code, codes, element, enter, every, outcome, references, venue } from './support/ouch-fields.ts';
import { ouchMessage } from './support/ouch-message.ts';

describe('Replace Order', () => {
  /** What comes of a replacement of an order that stands. */
  function replace(fields: Record<string, number | string>, tags: number[] = [], original: Record<string, number | string> = {}) {
    alice.enter({ userRef: references.next(), ...original });
    venue.runUntilIdle();
    const originalRef = references.last;
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
    alice.enter({ userRef: references.next(), side: original });
    venue.runUntilIdle();
    const userRef = references.last;
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
      alice.enter({ userRef: references.next() });
      venue.runUntilIdle();
      const userRef = references.last;
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
      alice.enter({ userRef: references.next() });
      venue.runUntilIdle();
      const userRef = references.last;
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
    alice.send(ouchMessage(wire.massCancel, { userRef: references.next(), firm: '', symbol: '', ...fields }, tags));
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
    const first = references.last + 1;
    for (const [fields, tags] of orders) alice.enter({ userRef: references.next(), ...fields }, [...tags]);
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
    references.last += 10;
    assert.deepEqual(cancelled(mass({}, element(TAG.USER_REF_INDEX, 3)), first), [4]);
    mass({});
    assert.equal(venue.openOrders, 0);
  });

  it('with any byte as side or in the firm, or another symbol, are refused with a reason, and nothing is cancelled', () => {
    stand();
    const refused = (received: Received[], reason: number, what: string) =>
      assert.deepEqual(
        received.map((each) => [each.message, each.userRef, each.reason]),
        [['rejected', references.last, reason]],
        what,
      );
    for (const byte of every) {
      if (!codes('BSTE').has(byte)) refused(mass({}, element(TAG.SIDE, byte)), REJECT.INVALID_SIDE, `side ${byte}`);
      if (!/^[A-Z0-9 ]$/.test(String.fromCharCode(byte))) {
        const message = ouchMessage(wire.massCancel, { userRef: references.next(), firm: '', symbol: '' });
        message[wire.massCancel.at.firm] = byte;
        alice.send(message);
        venue.runUntilIdle();
        refused(alice.received(), REJECT.FIRM_NOT_AUTHORIZED, `firm ${byte}`);
        for (const type of [wire.disableEntry, wire.enableEntry]) {
          const other = ouchMessage(type, { userRef: references.next(), firm: '' });
          other[type.at.firm] = byte;
          alice.send(other);
          venue.runUntilIdle();
          refused(alice.received(), REJECT.FIRM_NOT_AUTHORIZED, `firm ${byte}`);
        }
      }
      if (byte === 0x20) continue;
      const message = ouchMessage(wire.massCancel, { userRef: references.next(), firm: '', symbol: '' });
      message[wire.massCancel.at.symbol] = byte;
      alice.send(message);
      venue.runUntilIdle();
      refused(alice.received(), REJECT.INVALID_SYMBOL, `symbol ${byte}`);
    }
    for (const tag of every) {
      const tags = element(tag, ...new Array(wire.TAG_BYTES[tag] || 3).fill(code('B')));
      if (![TAG.SIDE, TAG.GROUP_ID, TAG.USER_REF_INDEX].includes(tag as 27)) refused(mass({}, tags), REJECT.OTHER, `tag ${tag}`);
      if (tag === TAG.USER_REF_INDEX) continue;
      alice.send(ouchMessage(wire.disableEntry, { userRef: references.next(), firm: '' }, tags));
      venue.runUntilIdle();
      refused(alice.received(), REJECT.OTHER, `tag ${tag}`);
      assert.match(alice.send(ouchMessage(wire.accountQuery, {}, tags)) ?? '', /tag/);
    }
    assert.equal(venue.openOrders, 5);
    mass({});
  });

  it('a login that has disabled order entry enters nothing until it enables it, also in the next session', () => {
    alice.send(ouchMessage(wire.disableEntry, { userRef: references.next(), firm: '' }));
    assertEntered(enter({}), REJECT.FIRM_NOT_AUTHORIZED, 'disabled');
    venue.roll();
    alice.logInAgain();
    assertEntered(enter({}), REJECT.FIRM_NOT_AUTHORIZED, 'still');
    alice.send(ouchMessage(wire.enableEntry, { userRef: references.next(), firm: '' }));
    assertEntered(enter({}), undefined, 'enabled');
  });
});
