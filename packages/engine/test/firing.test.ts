/** Many triggers that one price reaches. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIST_TYPE } from '@outcry/market/command';
import { BUY, GTC, LIMIT, SELL, STOP, TRAIL_TICKS } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { canonicalState } from '../src/state-hash.ts';
import type { OrderSpec, SpecialTerms, VenueCommand } from './reference/types.ts';
import { Both } from './support/both.ts';
import { replayed, restored } from './support/replay.ts';
import { step } from './support/streams.ts';

const LIMITS = { orders: 1500, accounts: 16, assets: 4, instruments: 4 };
const MANY = 600;
const CLOCK: VenueCommand = { kind: 'clock' };

function spec(account: number, side: 0 | 1, price: number, terms?: SpecialTerms): OrderSpec {
  const plain = { account, instrument: 0, side, kind: LIMIT, timeInForce: GTC, postOnly: false, price, quantity: 1, amount: 0, client: 0 };
  return { ...plain, ...(terms && { terms }) };
}
const order = (...args: Parameters<typeof spec>): VenueCommand => ({ kind: 'order', order: spec(...args) });
const triggered = (emitted: string[]) => emitted.filter((line) => line.startsWith('triggered')).length;

function trade(both: Both, price: number): string[] {
  both.play(order(1, SELL, price));
  return both.play(order(2, BUY, price));
}

/** Orders that fire at 110, of all kinds and as they come; the last price is 100. */
function withStops(): Both {
  const both = new Both(LIMITS);
  trade(both, 100);
  const stop = { trigger: STOP, stopPrice: 110 };
  for (let i = 0; i < MANY; i++) {
    if (i % 11 === 0) both.play(order(0, SELL, 50, { trigger: STOP, trailUnit: TRAIL_TICKS, trail: 5, stopPrice: 110 }));
    else if (i % 7 === 0) both.play(order(0, BUY, 20, { trigger: STOP, trailUnit: TRAIL_TICKS, trail: 10 }));
    else if (i % 5 === 0) {
      const legs = [{ ...spec(0, BUY, 10), postOnly: true }, spec(0, BUY, 20, stop)];
      both.play({ kind: 'list', type: LIST_TYPE.OCO, legs });
    } else both.play(order(0, BUY, 20, stop));
  }
  return both;
}

describe('more triggers reached at one price than fire with one command', () => {
  it('all fire all the same, in order of entry, with the commands that follow, wherever the price goes meanwhile', () => {
    const both = withStops();
    assert.equal(triggered(trade(both, 110)), 0);
    const refused = both.play(order(0, BUY, 20, { trigger: STOP, stopPrice: 109 }));
    assert.ok(refused.includes('rejected would_trigger'), 'the price that was reached stands until all have fired');
    const emitted = [...refused, ...both.play(order(1, SELL, 107)), ...both.play(order(2, BUY, 107))];
    for (let i = 0; i < 5; i++) emitted.push(...both.play(CLOCK));
    const numbers = emitted.flatMap((line) => /^triggered #(\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
      'in order of entry',
    );
    assert.equal(numbers.length, MANY - Math.ceil(MANY / 11), 'all but those that only began to trail');
    assert.ok(both.play(order(0, BUY, 20, { trigger: STOP, stopPrice: 109 })).some((line) => line.startsWith('accepted')));
  });

  it('goes on from a snapshot as if nothing had happened, amid anything that clients do', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.array(step, { minLength: 3, maxLength: 12 }), (clocks, steps) => {
        const both = withStops();
        trade(both, 110);
        for (let i = 0; i < clocks; i++) both.play(CLOCK);
        const { engine } = both.player;
        const again = restored(engine, LIMITS);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
        const from = both.player.tape.length;
        for (const one of steps) both.play(one);
        both.play({ kind: 'massCancel', account: 0, instrument: -1, side: -1, session: -1 });
        replayed(both.player.tape.slice(from), again);
        assert.deepEqual(again.hash, engine.hash);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
      }),
      { numRuns: 2 },
    );
  });
});
