import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as wire from '@outcry/wire/ouch50';
import { TAG } from '@outcry/wire/ouch50';
import { loginOf } from './support/logins.ts';
import type { Received } from './support/ouch-client.ts';
import { ouchMessage } from './support/ouch-message.ts';
import { type OuchHand, OuchVenue, PASSWORD } from './support/ouch-venue.ts';

const login = (user: string, number: number, cancelOnDisconnect = false) => ({
  ...loginOf(user, number, number, [PASSWORD]),
  cancelOnDisconnect,
});
const logins = [login('ALICE', 1), login('BOB', 2), login('GONE', 3, true)];
const [ALICE, BOB, GONE] = logins;
const venues: OuchVenue[] = [];
after(() => {
  for (const venue of venues) venue.close();
});

function open(commandSlots?: number): OuchVenue {
  const venue = new OuchVenue(logins, {}, commandSlots);
  venues.push(venue);
  return venue;
}

const names = (received: readonly Received[]) => received.map(({ message, userRef }) => `${message} ${userRef ?? ''}`.trim());
const massCancel = (client: OuchHand, userRef: number) => client.send(ouchMessage(wire.massCancel, { userRef, firm: '', symbol: '' }));

describe("at the end of the session's day", () => {
  it('a new session begins with the open orders, with what is left of each, numbered from 1; old references stay used', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    const bob = venue.client(BOB);
    for (let userRef = 1; userRef <= 5; userRef++)
      alice.enter({ userRef, side: 'T', price: 500_000_000 + userRef * 100, capacity: 'A', display: 'A', timeInForce: '0' });
    venue.runUntilIdle();
    const references = alice.received().flatMap(({ message, orderRef }) => (message === 'order_accepted' ? [orderRef] : []));
    assert.equal(references.length, 5);
    bob.enter({ userRef: 1, side: 'B', quantity: 130, price: 500_000_200 });
    alice.send(ouchMessage(wire.cancelOrder, { userRef: 5, quantity: 60 }, undefined));
    venue.runUntilIdle();
    const old = alice.port;
    venue.roll();
    assert.ok(old.log.isComplete);
    assert.deepEqual(names(alice.received()).slice(-1), ['system_event']);
    alice.logInAgain();
    assert.notEqual(alice.port.session, old.session);
    const received = alice.received();
    assert.deepEqual(names(received), ['system_event', 'order_accepted 2', 'order_accepted 3', 'order_accepted 4', 'order_accepted 5']);
    assert.deepEqual(
      received
        .slice(1)
        .map(({ quantity, side, capacity, display, timeInForce, price }) => [quantity, side, capacity, display, timeInForce, price]),
      [70, 100, 100, 60].map((quantity, i) => [quantity, 'T', 'A', 'A', '0', 500_000_200 + i * 100]),
    );
    assert.deepEqual(
      received.slice(1).map(({ orderRef }) => orderRef),
      references.slice(1),
      "the venue's numbers are the same",
    );
    assert.equal(alice.port.log.next, 6);
    alice.enter({ userRef: 5 });
    alice.enter({ userRef: 6 });
    venue.runUntilIdle();
    assert.deepEqual(names(alice.received()), ['order_accepted 6']);
  });

  it('what happens to an order before its login is back is told in the new session, behind the order', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    for (const userRef of [1, 2, 3]) alice.enter({ userRef, side: 'S', price: 500_000_000 + userRef * 100 });
    venue.runUntilIdle();
    venue.roll();
    const bob = venue.client(BOB);
    bob.enter({ userRef: 1, quantity: 120, price: 500_000_200 });
    venue.runUntilIdle();
    alice.logInAgain();
    const received = alice.received();
    assert.deepEqual(names(received), [
      'system_event',
      'order_accepted 1',
      'order_accepted 2',
      'order_accepted 3',
      'order_executed 1',
      'order_executed 2',
    ]);
    assert.deepEqual(
      received.slice(1, 4).map(({ quantity }) => quantity),
      [100, 100, 100],
    );
  });

  it('an order that is on its way is told of once, in the session in which it is accepted', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    alice.enter({ userRef: 1 });
    alice.send(ouchMessage(wire.cancelOrder, { userRef: 1, quantity: 50 }, undefined)); // waits
    venue.gateway.afterPiece();
    venue.roll();
    venue.runUntilIdle();
    alice.logInAgain();
    assert.deepEqual(names(alice.received()), ['system_event', 'order_accepted 1', 'order_canceled 1']);
  });

  it('telling of many orders goes on by turns, each is told of once, and before anything that happens to it', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    const COUNT = 20_000;
    for (let userRef = 1; userRef <= COUNT; userRef++) {
      alice.enter({ userRef, side: 'S', quantity: 1, price: 500_000_000 + userRef * 100 });
      if (userRef % 1000 === 0) venue.runUntilIdle();
    }
    venue.roll();
    const bob = venue.client(BOB);
    bob.enter({ userRef: 1, quantity: 10, price: 600_000_000 }); // takes the first ten
    alice.logInAgain();
    alice.send(ouchMessage(wire.cancelOrder, { userRef: COUNT, quantity: 0 }, undefined)); // the last
    venue.gateway.afterPiece();
    venue.apply();
    venue.drain();
    const early = alice.received();
    assert.ok(early.length < COUNT / 2, `${early.length} at once`);
    venue.runUntilIdle();
    const received = [...early, ...alice.received()];
    const accepted = new Map<number, number>();
    for (const [place, { message, userRef }] of received.entries()) {
      if (message === 'order_accepted') {
        assert.ok(!accepted.has(userRef as number), `${userRef} twice`);
        accepted.set(userRef as number, place);
      } else if (message !== 'system_event') assert.ok(accepted.get(userRef as number)! < place, `${message} of ${userRef}`);
    }
    assert.equal(accepted.size, COUNT);
    assert.equal(received.filter(({ message }) => message === 'order_executed').length, 10);
  });
});

describe('when a connection ends whose orders go with it', () => {
  it('counts as the login says that its client came in with: one that was revoked and added again with it loses its orders', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    alice.enter({ userRef: 1 });
    alice.disconnect();
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 1);
    venue.logins.replace([{ ...ALICE, cancelOnDisconnect: true }]);
    alice.logInAgain();
    alice.enter({ userRef: 2 });
    alice.disconnect();
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 0);
  });

  it('all that it had sent go: open, on their way, and waiting; what it enters after it is back stays', () => {
    const venue = open();
    const gone = venue.client(GONE);
    for (const userRef of [1, 2, 3]) gone.enter({ userRef });
    venue.runUntilIdle();
    gone.enter({ userRef: 4 });
    gone.send(ouchMessage(wire.replaceOrder, { ...REPLACE, originalRef: 4, userRef: 5 }, [])); // waits
    gone.enter({ userRef: 6 }); // waits behind it
    venue.gateway.afterPiece(); // on its way
    gone.disconnect();
    gone.logInAgain();
    gone.enter({ userRef: 7 });
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 1);
    const received = names(gone.received());
    for (const userRef of [1, 2, 3, 4]) assert.ok(received.includes(`order_canceled ${userRef}`), `${userRef} of ${received}`);
    assert.ok(!received.includes('order_accepted 5') && !received.includes('order_accepted 6'));
    assert.ok(!received.includes('order_canceled 7'));
  });

  it('they go also where the command ring has no room for as many cancels at once, over several connections', () => {
    const venue = open(256);
    const gone = venue.client(GONE);
    const enter = (userRef: number) => gone.enter({ userRef, quantity: 1 });
    let userRef = 0;
    for (let i = 0; i < 5000; i++) {
      enter(++userRef);
      if (i % 100 === 0) venue.runUntilIdle();
    }
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 5000);
    gone.disconnect();
    assert.ok(venue.gateway.walks.count > 0, 'there was no room for all');
    gone.logInAgain();
    for (let i = 0; i < 50; i++) enter(++userRef);
    venue.gateway.walk();
    venue.apply(100);
    venue.drain();
    gone.disconnect(); // once more, while the first is under way
    gone.logInAgain();
    enter(++userRef);
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 1);
  });
});

describe('a mass cancel', () => {
  it('takes all orders where the ring has no room for as many, and others are served meanwhile', () => {
    const venue = open(256);
    const alice = venue.client(ALICE);
    const bob = venue.client(BOB);
    for (let userRef = 1; userRef <= 20_000; userRef++) {
      alice.enter({ userRef, quantity: 1 });
      if (userRef % 100 === 0) venue.runUntilIdle();
    }
    bob.enter({ userRef: 1, price: 490_000_000 });
    venue.runUntilIdle();
    massCancel(alice, 20_001);
    massCancel(alice, 20_002); // waits for the first
    alice.enter({ userRef: 20_003, price: 480_000_000 }); // and this behind it
    venue.gateway.afterPiece();
    let turns = 0;
    for (; venue.openOrders > 2; turns++) {
      bob.enter({ userRef: 2 + turns, price: 470_000_000, timeInForce: '3' });
      venue.gateway.afterPiece();
      venue.apply();
      venue.drain();
      venue.gateway.walk();
      assert.ok(turns < 10_000);
    }
    assert.ok(turns > 10);
    venue.runUntilIdle();
    assert.equal(bob.received().filter(({ message }) => message === 'order_accepted').length, turns + 1, 'none of his was refused');
    const received = names(alice.received());
    assert.equal(received.filter((name) => name.startsWith('order_canceled')).length, 20_000);
    assert.deepEqual(
      received.filter((name) => name.startsWith('mass')),
      ['mass_cancel_response 20001', 'mass_cancel_response 20002'],
    );
    assert.equal(received.at(-1), 'order_accepted 20003');
    assert.equal(venue.openOrders, 2);
  });

  it('takes the orders that were sent before it, also those that are on their way', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    for (const userRef of [1, 2, 3]) alice.enter({ userRef });
    massCancel(alice, 4);
    alice.enter({ userRef: 5 });
    venue.runUntilIdle();
    assert.equal(venue.openOrders, 1);
    assert.deepEqual(names(alice.received()).slice(-2), ['order_canceled 3', 'order_accepted 5']);
  });

  it('no more is read from a client than some thousand messages that wait', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    alice.enter({ userRef: 1 });
    let sent = 0;
    for (; !venue.gateway.isBlocked(alice.port) && sent < 10_000; sent++) massCancel(alice, 2 + sent);
    assert.ok(sent < 5000);
    venue.runUntilIdle();
    assert.equal(venue.gateway.isBlocked(alice.port), false);
    assert.equal(names(alice.received()).filter((name) => name.startsWith('mass')).length, sent);
  });
});

describe('channels of a login', () => {
  it('number their orders each for itself, and find the right one among all', () => {
    const venue = open();
    const alice = venue.client(ALICE);
    const tag = (channel: number) => (channel === 0 ? [] : [2, TAG.USER_REF_INDEX, channel]);
    for (let channel = 0; channel < 256; channel++)
      for (let userRef = 1; userRef <= 20; userRef++) alice.enter({ userRef, quantity: 1 + userRef }, tag(channel));
    venue.runUntilIdle();
    alice.received();
    for (let channel = 0; channel < 256; channel++)
      alice.send(ouchMessage(wire.cancelOrder, { userRef: 1 + (channel % 20), quantity: 0 }, tag(channel)));
    venue.runUntilIdle();
    const received = alice.received();
    assert.equal(received.length, 256);
    for (const { userRef, quantity, user_ref_index: channel } of received) {
      assert.equal(userRef, 1 + (((channel as number) ?? 0) % 20));
      assert.equal(quantity, 1 + (userRef as number));
    }
    assert.equal(venue.openOrders, 256 * 19);
  });
});

const REPLACE = { quantity: 50, price: 500_000_000, timeInForce: '5', display: 'Y', sweep: 'N', clientOrderId: '' };
