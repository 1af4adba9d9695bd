/** Many orders that expire at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AT_CLOSE, AT_OPEN, BUY, DAY, GTC, GTD, LIMIT, SELL, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { TRADING_STATE } from '@outcry/market/states';
import { canonicalState } from '../src/state-hash.ts';
import type { OrderSpec, VenueCommand } from './reference/types.ts';
import { Both } from './support/both.ts';
import { replayed, restored } from './support/replay.ts';

const LIMITS = { orders: 2000, accounts: 16, assets: 4, instruments: 4 };
const MANY = 600;
const TIME = 10_000_000;
const CLOCK: VenueCommand = { kind: 'clock' };

function order(side: Side, price: number, timeInForce: TimeInForce, expiry?: number, instrument = 0): VenueCommand {
  const spec: OrderSpec = {
    account: 0,
    instrument,
    side,
    kind: LIMIT,
    timeInForce,
    postOnly: false,
    price,
    quantity: 1,
    amount: 0,
    client: 0,
    ...(expiry !== undefined && { terms: { expiry } }),
  };
  return { kind: 'order', order: spec };
}

const expired = (emitted: string[]) => emitted.filter((line) => line.includes(' expired ')).length;

/** Goes on from an image as if nothing had happened. */
function isSameFromImage(both: Both): void {
  const again = restored(both.player.engine, LIMITS);
  assert.deepEqual(canonicalState(again), canonicalState(both.player.engine));
  const from = both.player.tape.length;
  both.play(CLOCK);
  replayed(both.player.tape.slice(from), again);
  assert.deepEqual(again.hash, both.player.engine.hash);
}

describe('many orders whose time is up at once', () => {
  it('end a few hundred before each command, earliest first, and one of them may trade until then', () => {
    const both = new Both(LIMITS);
    for (let i = 0; i < MANY; i++) both.play(order(BUY, 10 + (i % 3), GTD, TIME + (i % 2)));
    while (both.player.engine.writer.time < TIME - 2000) both.play(CLOCK);
    assert.equal(both.player.engine.memory.orders.inUse, MANY);
    let emitted: string[] = [];
    while (expired(emitted) === 0) emitted = both.play(CLOCK);
    assert.equal(expired(emitted), 256);
    emitted = both.play(order(SELL, 12, GTC));
    assert.equal(expired(emitted), 256);
    assert.ok(
      emitted.some((line) => line.startsWith('fill')),
      'the last of them are still there',
    );
    isSameFromImage(both);
    assert.equal(both.player.engine.memory.orders.inUse, 0);
  });

  it('end likewise when their instrument closes, where nothing trades any more; its opening waits for them', () => {
    const both = new Both(LIMITS);
    for (let i = 0; i < MANY; i++) both.play(order(BUY, 10, i % 2 === 0 ? DAY : GTC));
    for (let i = 0; i < MANY; i++) both.play(order(SELL, 20, DAY, undefined, 1));
    const set = (instrument: number, state: number): VenueCommand => ({ kind: 'state', instrument, state, reference: 0 });
    assert.equal(expired(both.play(set(0, TRADING_STATE.CLOSED))), 256);
    assert.equal(
      expired(both.play(set(1, TRADING_STATE.CLOSED))),
      MANY / 2 - 256 + 256,
      'the rest of the first, and as many of the second',
    );
    assert.ok(both.play(order(SELL, 10, GTC, undefined, 1)).includes('rejected not_trading'));
    isSameFromImage(both);
    both.play(set(0, TRADING_STATE.PRE_OPEN));
    assert.equal(both.player.engine.memory.orders.inUse, MANY / 2, 'what is good till cancelled stays');
    for (let i = 0; i < MANY; i++) both.play(order(SELL, 20, DAY, undefined, 0));
    both.play(set(0, TRADING_STATE.CLOSED));
    const emitted = both.play(set(0, TRADING_STATE.CONTINUOUS));
    assert.ok(expired(emitted) > 0 && both.player.engine.memory.orders.inUse === MANY / 2);
  });

  const set = (state: number): VenueCommand => ({ kind: 'state', instrument: 0, state, reference: 0 });
  const states = (emitted: string[]) => emitted.filter((line) => line.startsWith('state')).map((line) => Number(line.split(' ')[2]));
  const openCount = (both: Both) => both.player.engine.memory.orders.inUse;

  it('an instrument opens when all of them are gone, and in the state that it was told last', () => {
    const both = new Both(LIMITS);
    for (let i = 0; i < 3 * MANY; i++) both.play(order(BUY, 10, DAY));
    both.play(set(TRADING_STATE.CLOSED));
    const emitted = both.play(set(TRADING_STATE.CONTINUOUS));
    assert.deepEqual([expired(emitted), states(emitted)], [512, []]);
    assert.ok(both.play(order(SELL, 10, GTC)).includes('rejected not_trading'));
    both.play(set(TRADING_STATE.PRE_OPEN));
    isSameFromImage(both);
    let last: string[] = [];
    while (openCount(both) > 0) last = both.play(CLOCK);
    assert.deepEqual(states(last), [TRADING_STATE.PRE_OPEN]);
  });

  it('orders for the open are gone before trading begins: the instrument is halted meanwhile', () => {
    const both = new Both(LIMITS);
    both.play(set(TRADING_STATE.OPENING_AUCTION));
    for (let i = 0; i < MANY; i++) both.play(order(BUY, 10, AT_OPEN));
    both.play(order(SELL, 10, GTC));
    const emitted = both.play(set(TRADING_STATE.CONTINUOUS));
    assert.deepEqual([expired(emitted), states(emitted)], [256, [TRADING_STATE.HALTED]]);
    assert.ok(emitted.some((line) => line.startsWith('auction')));
    isSameFromImage(both);
    const last = both.play(order(SELL, 10, GTC));
    assert.deepEqual([expired(last), states(last)], [MANY - 1 - 512, [TRADING_STATE.CONTINUOUS]]);
    assert.ok(last.every((line) => !line.startsWith('fill')));
  });

  it('orders for the close enter by and by, and all of them before the auction is over; then they are gone before the next state', () => {
    const both = new Both(LIMITS);
    for (let i = 0; i < 3 * MANY; i++) both.play(order(BUY, 10, AT_CLOSE));
    const entered = (lines: string[]) => lines.filter((line) => line.startsWith('triggered')).length;
    assert.equal(entered(both.play(set(TRADING_STATE.CLOSING_AUCTION))), 256);
    both.play({ kind: 'cancel', account: 0, instrument: 0, order: 303 });
    both.play(order(BUY, 11, AT_CLOSE));
    const emitted = both.play(set(TRADING_STATE.CONTINUOUS));
    assert.deepEqual(states(emitted), [], 'it waits');
    isSameFromImage(both);
    const all: number[] = [];
    while (openCount(both) > 0) all.push(...states(both.play(CLOCK)));
    assert.deepEqual(all, [TRADING_STATE.HALTED, TRADING_STATE.CONTINUOUS]);
  });
});
