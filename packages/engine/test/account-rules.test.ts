/** Rules of accounts that have open orders: what they cost, and what they count. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { BUY, GTC, LIMIT, SELL, type Side } from '@outcry/market/order-terms';
import { ACCOUNT_RULE } from '@outcry/market/rules';
import type { VenueCommand } from './reference/types.ts';
import { Both } from './support/both.ts';

const { STATUS, GROUP, FEE_TIER, THIRD_ASSET_FEES, MAX_OPEN_ORDERS, MAX_MESSAGES, ORDER_TO_TRADE, MESSAGES_FREE } = ACCOUNT_RULE;
const RULES = [STATUS, GROUP, FEE_TIER, THIRD_ASSET_FEES, MAX_OPEN_ORDERS, MAX_MESSAGES, ORDER_TO_TRADE, MESSAGES_FREE];
const LIMITS = { orders: 2000, accounts: 16, assets: 4, instruments: 4 };
const BASE = 0;
const OWNER = 0;
const OTHER = 1;

function order(account: number, side: Side, price: number): VenueCommand {
  const plain = { kind: LIMIT, timeInForce: GTC, postOnly: false, quantity: 1, amount: 0, client: 0 } as const;
  return { kind: 'order', order: { account, instrument: 0, side, price, ...plain } };
}

const rule = (number: number, value: number, asset = 0): VenueCommand => ({
  kind: 'accountRule',
  account: OWNER,
  rule: number,
  asset,
  value,
});

/** A venue with so many bids of an account, and how many open orders commands have looked at one after the other. */
function withBids(t: TestContext, count: number) {
  const both = new Both(LIMITS);
  for (let i = 0; i < count; i++) both.play(order(OWNER, BUY, 10));
  const { byAccount } = both.player.engine.details;
  const each = byAccount.each.bind(byAccount);
  let visited = 0;
  t.mock.method(byAccount, 'each', (account: number, visit: (slot: number) => void) => {
    each(account, (slot) => {
      visited++;
      visit(slot);
    });
  });
  return { both, visited: () => visited };
}

describe('a rule of an account with open orders', () => {
  it('takes effect for all of them without looking at any', (t) => {
    const { both, visited } = withBids(t, 600);
    const { i32 } = both.player.engine.memory.orders;
    const before = i32.slice();
    for (const number of RULES) for (const value of [1, 0]) both.play(rule(number, value));
    assert.deepEqual(i32, before);
    assert.equal(visited(), 0);
    both.play(rule(ACCOUNT_RULE.MAX_OPEN_ORDERS, 600));
    assert.ok(both.play(order(OWNER, BUY, 9)).includes('rejected too_many_open_orders'));
    both.play(order(OTHER, SELL, 10)); // one is filled
    assert.ok(both.play(order(OWNER, BUY, 9)).some((line) => line.startsWith('accepted')));
  });

  it('counts what they buy once for each limit of a position, not with each change of it', (t) => {
    const { both, visited } = withBids(t, 600);
    both.play(rule(ACCOUNT_RULE.MAX_POSITION, 1_000_000, BASE));
    assert.equal(visited(), 600);
    for (const most of [2_000_000, 90_000, 1]) both.play(rule(ACCOUNT_RULE.MAX_POSITION, most, BASE));
    assert.equal(visited(), 600);
    assert.ok(both.play(order(OWNER, BUY, 9)).includes('rejected position_limit'));
  });
});
