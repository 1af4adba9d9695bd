import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DecimalError } from '@outcry/market/decimal';
import { Steps, unitsPerLot, unitsPerTickLot } from '@outcry/market/steps';
import fc from 'fast-check';

const codeOf = (run: () => unknown) => {
  try {
    run();
    return '';
  } catch (error) {
    return error instanceof DecimalError ? error.code : String(error);
  }
};

describe('a decimal in steps', () => {
  it('is read as it was written, for any step and any number of them', () => {
    const step = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(4)).map(([units, places]) => (units / 10 ** places).toFixed(places));
    fc.assert(
      fc.property(step, fc.integer({ min: 1, max: 0x7fffffff }), (text, count) => {
        const steps = new Steps(text, 0x7fffffff);
        assert.equal(steps.parse(steps.format(count)), count);
        assert.equal(steps.format(BigInt(count)), steps.format(count));
      }),
    );
  });

  it('has the places of its step, without zeros at the end, and is exact beyond 2^53', () => {
    const half = new Steps('0.50', 100);
    assert.deepEqual([half.places, half.units, half.format(3)], [1, 5, '1.5']);
    assert.equal(half.format(2n ** 60n + 1n), String(2n ** 59n).concat('.5'));
    assert.equal(new Steps('0.3', 1).format(2 ** 53 - 1), '2702159776422297.3');
  });

  it('is refused with its reason: no decimal, too few, too many, between steps, a step of nothing', () => {
    const half = new Steps('0.5', 100);
    const refused = ['x', '-1', '0', '50.5', '0.7', '0.25'].map((text) => codeOf(() => half.parse(text)));
    assert.deepEqual(refused, ['malformed', 'malformed', 'out_of_range', 'out_of_range', 'too_precise', 'too_precise']);
    assert.throws(() => half.parse('50.5'), /'50\.5' is out of range: 0\.5 to 50\.0/);
    assert.deepEqual(
      ['0', '0.00', 'x'].map((text) => codeOf(() => new Steps(text, 1))),
      ['out_of_range', 'out_of_range', 'malformed'],
    );
  });

  it('comes to units of the assets, or to no whole number of them', () => {
    const [tick, lot] = [new Steps('0.01', 1), new Steps('0.001', 1)];
    assert.deepEqual([unitsPerLot(lot, 8), unitsPerTickLot(tick, lot, 6)], [100_000, 10]);
    assert.ok(!Number.isInteger(unitsPerLot(lot, 2)) && !Number.isInteger(unitsPerTickLot(tick, lot, 4)));
  });
});
