import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { feeOf, Ledger } from '../src/ledger.ts';

const MOST = Number.MAX_SAFE_INTEGER;

function opened(): Ledger {
  const ledger = new Ledger(4, 2);
  ledger.defineAsset(0);
  ledger.openAccount(3);
  return ledger;
}

describe('balances', () => {
  it('move between available and held, and never below zero', () => {
    const ledger = opened();
    ledger.deposit(1, 0, 100);
    assert.equal(ledger.hold(1, 0, 101), false);
    assert.equal(ledger.hold(1, 0, 60), true);
    assert.deepEqual([ledger.available(1, 0), ledger.held(1, 0)], [40, 60]);
    assert.equal(ledger.withdraw(1, 0, 41), false);
    assert.equal(ledger.debit(1, 0, 41), false);
    ledger.release(1, 0, 10);
    assert.equal(ledger.withdraw(1, 0, 50), true);
    assert.deepEqual([ledger.available(1, 0), ledger.held(1, 0)], [0, 50]);
    assert.equal(ledger.discrepancy(0), 0);
  });

  it('show at once when a unit appears from nowhere', () => {
    const ledger = opened();
    ledger.deposit(1, 0, 100);
    ledger.credit(2, 0, 1);
    assert.equal(ledger.discrepancy(0), 1);
    ledger.spendHeld(1, 0, 3);
    assert.equal(ledger.discrepancy(0), -2);
  });

  it('stay within the range of exact whole numbers', () => {
    const ledger = opened();
    assert.equal(ledger.deposit(0, 0, MOST), true);
    assert.equal(ledger.deposit(1, 0, 1), false);
    assert.equal(ledger.available(1, 0), 0);
  });

  it('exist for the accounts and assets that were opened, up to the capacity', () => {
    const ledger = new Ledger(4, 2);
    assert.equal(ledger.openAccount(4), false);
    assert.equal(ledger.openAccount(-1), false);
    assert.equal(ledger.openAccount(2), true);
    assert.deepEqual(
      [0, 2, 3, -1].map((account) => ledger.hasAccount(account)),
      [true, true, false, false],
    );
    assert.equal(ledger.defineAsset(2), false);
    assert.equal(ledger.defineAsset(1), true);
    assert.deepEqual(
      [0, 1, 2].map((asset) => ledger.hasAsset(asset)),
      [false, true, false],
    );
  });

  it('come back from a copy of their bytes', () => {
    const ledger = opened();
    ledger.deposit(3, 0, 77);
    ledger.hold(3, 0, 7);
    ledger.collectFee(0, 2);
    const copy = new Ledger(4, 2);
    copy.restore(ledger.used().map((part) => Uint8Array.from(part)));
    assert.deepEqual([copy.accounts, copy.available(3, 0), copy.held(3, 0), copy.fees(0)], [4, 70, 7, 2]);
    assert.throws(() => new Ledger(1, 2).restore(ledger.used()), /does not fit/);
  });
});

it('a fee is exact and rounded up for the venue, for every amount and rate', () => {
  const plain = fc.integer({ min: 1, max: 8_000_000_000 }).map((millions) => millions * 1_000_000 + 1);
  const amount = fc.oneof(
    plain,
    fc.integer({ min: 0, max: MOST }),
    fc.integer({ min: MOST - 1000, max: MOST }),
    fc.nat({ max: 10_000_000 }),
  );
  fc.assert(
    fc.property(amount, fc.oneof(fc.constantFrom(0, 1, 1_000_000), fc.integer({ min: 0, max: 1_000_000 })), (units, rate) => {
      assert.equal(BigInt(feeOf(units, rate)), (BigInt(units) * BigInt(rate) + 999_999n) / 1_000_000n);
    }),
    { numRuns: 5000 },
  );
});
