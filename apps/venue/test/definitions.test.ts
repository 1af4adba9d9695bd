/** What is traded, as the configuration says it: what cannot be is refused before anything is journaled. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { type InstrumentDefinition, Market } from '../src/domain/market.ts';

it('a market whose orders the engine would all refuse is no market', () => {
  const [bitcoin] = DEMO_INSTRUMENTS;
  const wrong: [why: RegExp, instrument: object][] = [
    [/makerFeePpm must be a whole number from 0 to 1000000/, { makerFeePpm: 2_000_000 }],
    [/makerFeePpm/, { makerFeePpm: 0.5 }],
    [/makerFeePpm/, { makerFeePpm: -1 }],
    [/takerFeePpm/, { takerFeePpm: 2 ** 32 + 1 }],
    [/takerFeePpm/, { takerFeePpm: '500' }],
    [/takerFeePpm/, { takerFeePpm: undefined }],
    [/base and quote are the same asset/, { base: 'USDT' }],
    [/unknown asset GOLD/, { base: 'GOLD' }],
  ];
  for (const [why, change] of wrong)
    assert.throws(() => new Market(DEMO_ASSETS, [{ ...bitcoin, ...change } as InstrumentDefinition]), why, JSON.stringify(change));
  assert.throws(() => new Market([...DEMO_ASSETS, { name: 'USDT', scale: 2 }], [bitcoin]), /two assets have the same name/);
  assert.throws(() => new Market(DEMO_ASSETS, [bitcoin, bitcoin]), /two instruments have the same symbol/);
});
