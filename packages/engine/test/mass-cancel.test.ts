/** Mass cancels of more orders than end with one command. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUY, GTC, LIMIT, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { canonicalState } from '../src/state-hash.ts';
import type { VenueCommand } from './reference/types.ts';
import { Both } from './support/both.ts';
import { replayed, restored } from './support/replay.ts';
import { step } from './support/streams.ts';

const LIMITS = { orders: 2000, accounts: 16, assets: 4, instruments: 4 };
const OWNER = 0;
const OTHER = 1;
const CLOCK: VenueCommand = { kind: 'clock' };

function order(account: number, side: Side, price: number, session = 0, instrument = 0): VenueCommand {
  const plain = { account, instrument, side, kind: LIMIT, timeInForce: GTC, postOnly: false, price, quantity: 1, amount: 0, client: 0 };
  return { kind: 'order', order: { ...plain, ...(session > 0 && { terms: { session } }) } };
}

function massCancel(account: number, only: { instrument?: number; side?: number; session?: number } = {}): VenueCommand {
  return { kind: 'massCancel', account, instrument: -1, side: -1, session: -1, ...only };
}

/** A venue in which an account has so many bids at 10, which nobody meets. */
function withBids(count: number, account = OWNER): Both {
  const both = new Both(LIMITS);
  for (let i = 0; i < count; i++) both.play(order(account, BUY, 10));
  return both;
}

const ended = (emitted: string[]) => emitted.filter((line) => line.includes(' mass_cancel ')).length;
const doneWith = (emitted: string[]) => emitted.find((line) => line.startsWith('cancelled all'));

describe('a mass cancel of more orders than end with one command', () => {
  it('ends as many before each command that follows, and says when it is done and how many there were', () => {
    const both = withBids(600);
    const emitted = both.play(massCancel(OWNER));
    assert.deepEqual([ended(emitted), emitted.slice(-2)], [256, ['cancelling', 'applied']]);
    const next = both.play(order(OTHER, SELL, 20));
    assert.deepEqual([ended(next), doneWith(next)], [256, undefined], 'the order of another client waits for no more than these');
    const last = both.play(CLOCK);
    assert.deepEqual([ended(last), doneWith(last)], [88, 'cancelled all 600']);
    assert.equal(both.player.engine.memory.orders.inUse, 1);
  });

  it('is done at once where there are just as many', () => {
    assert.deepEqual(withBids(256).play(massCancel(OWNER)).at(-1), 'applied');
    const both = withBids(256);
    both.play(order(OTHER, BUY, 10));
    assert.ok(both.play(massCancel(-1)).includes('cancelling'));
    assert.equal(doneWith(both.play(CLOCK)), 'cancelled all 257');
  });

  it('lets none of its orders trade once it is done, and until then no other order of its kind be entered', () => {
    const both = withBids(600);
    both.play(massCancel(OWNER, { side: BUY }));
    assert.ok(both.play(order(OWNER, BUY, 10)).includes('rejected mass_cancel'));
    assert.ok(both.play(order(OWNER, SELL, 20)).some((line) => line.startsWith('accepted')));
    assert.ok(both.play(order(OTHER, SELL, 10)).every((line) => !line.startsWith('fill')));
    assert.ok(
      both.play(order(OWNER, BUY, 9)).some((line) => line.startsWith('accepted')),
      'it is done',
    );
  });

  it('of an operator for all accounts, and those of several accounts, take turns', () => {
    const both = withBids(600);
    for (let i = 0; i < 300; i++) both.play(order(OTHER, BUY, 9));
    both.play(massCancel(OWNER, { side: BUY }));
    both.play(massCancel(OTHER));
    const done = Array.from({ length: 6 }, () => doneWith(both.play(CLOCK))).filter((line) => line !== undefined);
    assert.deepEqual(done, ['cancelled all 600', 'cancelled all 300']);
  });

  it('answers one that means no others with the first', () => {
    const both = withBids(900);
    both.play(massCancel(OWNER, { instrument: 0 }));
    const second = both.play(massCancel(OWNER, { instrument: 0, side: BUY }));
    assert.deepEqual([ended(second), second.slice(-2)], [256, ['cancelling', 'applied']], 'those are the first one’s');
    both.play(CLOCK);
    assert.equal(doneWith(both.play(CLOCK)), 'cancelled all 900');
    assert.equal(doneWith(both.play(CLOCK)), undefined);
  });

  it('is refused beside many others of the account that differ, but never where it means the whole account', () => {
    const { player } = new Both({ ...LIMITS, orders: 20_000 });
    let time = 1e9;
    const play = (command: VenueCommand) => player.play(command, ++time);
    for (let i = 0; i < 18_000; i++) play(order(OWNER, BUY, 1, 1 + (i % 9)));
    for (let session = 1; session <= 8; session++) assert.ok(play(massCancel(OWNER, { session })).includes('cancelling'));
    assert.ok(play(massCancel(OWNER, { session: 9 })).includes('rejected too_many_messages'));
    assert.ok(play(massCancel(OWNER)).includes('cancelling'));
    for (let i = 0; i < 100; i++) play(CLOCK);
    assert.equal(player.engine.memory.orders.inUse, 0);
  });

  it('goes on from a snapshot as if nothing had happened, amid anything that clients do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.array(massCancelOf, { minLength: 1, maxLength: 3 }), (steps, cancels) => {
        const both = new Both(LIMITS);
        for (let i = 0; i < 700; i++) both.play(order(i % 2, BUY, 90 + (i % 8), i % 3));
        for (const one of cancels) both.play(one);
        const { engine } = both.player;
        const again = restored(engine, LIMITS);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
        const from = both.player.tape.length;
        for (const one of steps) both.play(one);
        replayed(both.player.tape.slice(from), again);
        assert.deepEqual(again.hash, engine.hash);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
      }),
      { numRuns: 10 },
    );
  });
});

const massCancelOf: fc.Arbitrary<VenueCommand> = fc
  .record({ account: fc.integer({ min: -1, max: 1 }), side: fc.constantFrom(-1, BUY), session: fc.integer({ min: -1, max: 2 }) })
  .map(({ account, ...only }) => massCancel(account, only));
