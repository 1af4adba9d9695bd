import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TRADING_STATE } from '@outcry/market/states';
import { checkScenario, findScenario, type Scenario } from '../src/demo/scenario.ts';
import { SCENARIOS } from '../src/demo/scenarios.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { DemoVenue } from './support/demo-venue.ts';

const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
const named = (name: string) => findScenario(name, market);
const written = (file: object): Scenario => checkScenario('written', file, market);
const between = (value: number, least: number, most: number) =>
  assert.ok(value >= least && value <= most, `${value} is not between ${least} and ${most}`);

async function tapeOf(t: TestContext, name: string, seed: number, steps: readonly number[]): Promise<string[]> {
  const venue = await DemoVenue.start(t, { scenario: named(name), seed });
  for (const step of steps) await venue.step(step);
  return venue.tape;
}

describe('the same seed', () => {
  for (const name of ['everyday', 'whale']) {
    it(`gives the same orders and trades of ${name} again, however its clock is stepped; another seed gives others`, async (t) => {
      const one = await tapeOf(t, name, 7, [10_000]);
      assert.ok(one.filter((line) => line.startsWith('trade')).length > 50, 'there is trade');
      assert.deepEqual(await tapeOf(t, name, 7, [20, 4980, ...Array(25).fill(200)]), one);
      assert.notDeepEqual(await tapeOf(t, name, 8, [10_000]), one);
    });
  }
});

describe('a scenario', () => {
  it('walks its price, and its quotes go with it', async (t) => {
    const scenario = written({ market: { volatility: '0%' }, steps: [{ at: 1000, do: 'walk', by: '-10%', overMs: 2000 }] });
    const venue = await DemoVenue.start(t, { scenario });
    await venue.step(1000);
    between(venue.middle(), 0.999, 1.001);
    await venue.step(1000);
    between(venue.middle(), 0.94, 0.96);
    await venue.step(2000);
    between(venue.middle(1), 0.899, 0.901);
    between(venue.middle(), 0.899, 0.901);
    const { bids, asks } = venue.book();
    between(bids.length + asks.length, 60, 80);
    assert.ok(bids.at(-1)! > 0.895 && asks.at(-1)! < 0.905, 'no quote is left behind');
  });

  it('jumps over a gap, on the instrument that it names, without a trade in between', async (t) => {
    const scenario = written({ steps: [{ at: 1000, do: 'gap', by: '5%', symbol: 'ETHUSDT' }] });
    const venue = await DemoVenue.start(t, { scenario });
    await venue.step(2000);
    between(venue.middle(0), 0.99, 1.01);
    between(venue.middle(1), 1.04, 1.06);
    const prices = venue.tape.flatMap((line) => /^trade 1 .* at (\d+)/.exec(line)?.[1] ?? []).map((price) => Number(price) / 300_000);
    assert.ok(prices.length > 5 && prices.every((price) => price < 1.01 || price > 1.04), prices.join());
  });

  it('halts and goes on', async (t) => {
    const steps = [
      { at: 500, do: 'halt', symbol: 'BTCUSDT' },
      { at: 1500, do: 'resume' },
    ];
    const venue = await DemoVenue.start(t, { scenario: written({ steps }) });
    await venue.step(500);
    assert.equal(venue.venue.services.feeds[0].state, TRADING_STATE.HALTED);
    assert.equal(venue.venue.services.feeds[1].state, TRADING_STATE.CONTINUOUS);
    const of = (instrument: number) => venue.tape.filter((line) => line.startsWith(`trade ${instrument}`)).length;
    const before = [of(0), of(1)];
    await venue.step(980);
    assert.equal(of(0), before[0]);
    assert.ok(of(1) > before[1]);
    await venue.step(1000);
    assert.equal(venue.venue.services.feeds[0].state, TRADING_STATE.CONTINUOUS);
    assert.ok(of(0) > before[0]);
  });

  it('enters orders of its own, in the first book and later, and cancels them by name', async (t) => {
    const scenario = written({
      market: { orders: 0, takersPerMinute: 0 },
      book: [
        { side: 'BUY', price: '59000', quantity: '0.5', symbol: 'BTCUSDT' },
        { side: 'SELL', distance: '2%', value: 1000, name: 'ask' },
      ],
      steps: [
        { at: 100, do: 'order', side: 'SELL', quantity: '0.2', symbol: 'BTCUSDT' },
        { at: 200, do: 'cancel', order: 'ask' },
      ],
    });
    const venue = await DemoVenue.start(t, { scenario });
    assert.deepEqual(venue.book(0), { bids: [59 / 60], asks: [1.02] });
    assert.deepEqual(venue.book(1), { bids: [], asks: [1.02] });
    await venue.step(100);
    assert.deepEqual(
      venue.tape.filter((line) => line.startsWith('trade')),
      ['trade 0 1 20000 at 5900000'],
    );
    await venue.step(100);
    assert.deepEqual(venue.book(0), { bids: [59 / 60], asks: [] });
    assert.deepEqual(venue.book(1), { bids: [], asks: [] });
  });

  it('changes depth and spread', async (t) => {
    const scenario = written({ steps: [{ at: 200, do: 'set', orders: 6, spread: '1%', width: '1%', takersPerMinute: 0 }] });
    const venue = await DemoVenue.start(t, { scenario });
    await venue.step(100);
    between(venue.book().bids.length + venue.book().asks.length, 60, 80);
    await venue.step(1900);
    const { bids, asks } = venue.book();
    between(bids.length + asks.length, 4, 6);
    between(asks[0] - bids[0], 0.019, 0.05);
  });

  it('begins again after its loop, from its first book', async (t) => {
    const scenario = written({ loopMs: 1000, steps: [{ at: 500, do: 'gap', by: '20%' }] });
    const venue = await DemoVenue.start(t, { scenario });
    await venue.step(1000);
    between(venue.middle(), 1.19, 1.21);
    await venue.step(20);
    assert.equal(venue.demo.script.round, 2);
    between(venue.middle(), 0.99, 1.01);
    await venue.step(980);
    between(venue.middle(), 1.19, 1.21);
  });
});

it('every scenario that ships plays its first minute, one after the other, and has the book that it says', async (t) => {
  const venue = await DemoVenue.start(t, {});
  for (const name of Object.keys(SCENARIOS)) {
    await venue.demo.play(named(name));
    venue.tape.length = 0;
    await venue.step(62_000);
    const { bids, asks } = venue.book();
    if (name === 'empty-book') assert.deepEqual([bids.length, asks.length, venue.tape.length], [0, 0, 0]);
    else assert.ok(bids.length > 0 && asks.length > 0 && venue.tape.some((line) => line.startsWith('trade')), name);
  }
});
