/** Matches that self-trade prevention prevents: their events, and what follows from them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVENT, event } from '@outcry/market/event';
import {
  BUY,
  GTC,
  LIMIT,
  SELL,
  type Side,
  STP_DECREMENT,
  STP_EXPIRE_BOTH,
  STP_EXPIRE_MAKER,
  STP_EXPIRE_TAKER,
} from '@outcry/market/order-terms';
import { ACCOUNT_RULE } from '@outcry/market/rules';
import { emitState } from '../src/emit-state.ts';
import type { Engine } from '../src/engine.ts';
import type { LocalEvents } from '../src/event-output.ts';
import type { VenueCommand } from './reference/types.ts';
import { Both } from './support/both.ts';
import { restored } from './support/replay.ts';

function order(account: number, side: Side, quantity: number, selfTrade = 0, instrument = 0): VenueCommand {
  const plain = { kind: LIMIT, timeInForce: GTC, postOnly: false, price: 10, amount: 0, client: 0 } as const;
  return { kind: 'order', order: { account, instrument, side, quantity, ...plain, ...(selfTrade !== 0 && { terms: { selfTrade } }) } };
}

const prevented = (lines: readonly string[]) => lines.filter((line) => line.startsWith('prevented'));

/** What a reader that begins now is sent of lots that open orders lost. */
function decremented(engine: Engine): [lots: number, match: number][] {
  const output = engine.output as LocalEvents;
  output.clear();
  emitState(engine);
  const places = Array.from({ length: output.count }, (_, i) => i * event.WORDS);
  const told = places.filter((at) => (output.i32[at + event.HEAD] & 0xff) === EVENT.DECREMENTED);
  return told.map((at) => [output.i32[at + event.QUANTITY], output.f64[(at >> 1) + event.F64_TRADE]]);
}

describe('a prevented match', () => {
  it('is reported once, of both orders, with what each of them loses', () => {
    for (const [mode, ofMaker, ofTaker] of [
      [STP_EXPIRE_TAKER, 0, 3],
      [STP_EXPIRE_MAKER, 5, 0],
      [STP_EXPIRE_BOTH, 5, 3],
      [STP_DECREMENT, 3, 3],
    ]) {
      const both = new Both();
      both.play(order(0, SELL, 5));
      const lines = both.play(order(0, BUY, 3, mode));
      assert.deepEqual(prevented(lines), [
        `prevented #1 maker ${ofMaker} of 3 at 10 match 1 mode ${mode} group 0`,
        `prevented #2 taker ${ofTaker} of 3 at 10 match 1 mode ${mode} group 0`,
      ]);
    }
  });

  it('is numbered within its instrument, whoever it is of', () => {
    const both = new Both();
    for (const account of [1, 2]) both.play({ kind: 'accountRule', account, rule: ACCOUNT_RULE.GROUP, asset: 0, value: 7 });
    const numberOf = (account: number, instrument: number) => {
      both.play(order(account, SELL, 1, 0, instrument));
      return prevented(both.play(order(1, BUY, 1, STP_EXPIRE_BOTH, instrument))).map((line) => line.replace(/.* match/, 'match'));
    };
    assert.deepEqual(numberOf(2, 0), Array(2).fill('match 1 mode 3 group 7'));
    assert.deepEqual(numberOf(1, 1), Array(2).fill('match 1 mode 3 group 7'));
    assert.deepEqual(numberOf(1, 0), Array(2).fill('match 2 mode 3 group 7'));
  });

  it('is not reported where two accounts trade, or where an order allows it', () => {
    const both = new Both();
    both.play(order(0, SELL, 2));
    assert.deepEqual(prevented(both.play(order(0, BUY, 1))), []);
    assert.deepEqual(prevented(both.play(order(1, BUY, 1, STP_EXPIRE_BOTH))), []);
  });
});

describe('lots that self-trade prevention took off open orders', () => {
  it('are reported after a start, also from a snapshot, as long as the order is open', () => {
    const both = new Both();
    const { player } = both;
    both.play(order(0, SELL, 9));
    both.play(order(0, BUY, 2, STP_DECREMENT));
    both.play(order(0, BUY, 3, STP_DECREMENT));
    const fresh = restored(player.engine);
    assert.deepEqual(decremented(player.engine), [[5, 2]]);
    assert.deepEqual(decremented(fresh), [[5, 2]]);
    both.play(order(1, BUY, 4)); // it is filled, by plain matching
    both.play(order(0, SELL, 9)); // ... and another is in its slot
    assert.deepEqual(decremented(player.engine), []);
    assert.deepEqual(decremented(restored(player.engine)), []);
  });

  it('are those of an incoming order that rests with what is left', () => {
    const both = new Both();
    both.play(order(0, SELL, 2));
    both.play(order(0, BUY, 5, STP_DECREMENT));
    assert.deepEqual(decremented(both.player.engine), [[2, 1]]);
  });
});
