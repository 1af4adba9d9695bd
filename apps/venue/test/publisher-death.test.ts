import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import type { BinanceServices } from '../src/doors/binance/operation.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { Listener } from './support/listener.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const AT = { quantity: '0.001' };

async function open(t: TestContext) {
  const data = temporaryDirectory('publisher-death');
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  const doors = await Doors.open(t, { ...DEFAULTS, ...market, port: 0, data, ...anyPorts('239.255.232.1') });
  await startDemo(doors.venue, { flow: false }, log);
  const { publishers } = doors.venue.services as BinanceServices;
  /** Ends the thread by an error that nothing catches: a question that it does not know. */
  const end = () => assert.rejects(publishers.ask({ who: 'a test' }, 'nothing' as never, [] as never), /the publisher died/);
  const stateOf = () => (publishers.status()[0] as { state: string }).state;
  const untilBack = () =>
    until(
      () => stateOf() === 'ok',
      () => `the publisher is ${stateOf()}`,
    );
  const received = async (route: string) => {
    const { body } = await doors.alice.public(`/api/v3/${route}`);
    return body;
  };
  /** What a publisher says of the market, but for the time of saying it. */
  const whole = async () => {
    const { bids, asks } = await received(`depth?symbol=${SYMBOL}&limit=100`);
    const candles = await received(`klines?symbol=${SYMBOL}&interval=1d`);
    const { lastPrice, volume, count } = await received(`ticker/24hr?symbol=${SYMBOL}`);
    return { bids, asks, candles, lastPrice, volume, count };
  };
  return { doors, end, untilBack, market: whole };
}

it('another thread takes the place of a publisher that died, and knows the market to the last trade', async (t) => {
  const { doors, end, untilBack, market } = await open(t);
  await doors.place(doors.alice, 'BUY', '60000', { quantity: '0.5' });
  for (const price of ['50000', '51000', '52000']) await doors.place(doors.alice, 'BUY', price, AT);
  await doors.place(doors.alice, 'SELL', '70000', AT);
  for (let i = 0; i < 5; i++) await doors.place(doors.bob, 'SELL', '60000', AT);
  const before = await market();
  assert.equal(before.count, 5);

  const reader = await Listener.open(doors.venue.url, `/ws/${SYMBOL.toLowerCase()}@trade`);
  const trading = (async () => {
    for (let i = 0; i < 40; i++) {
      await doors.place(doors.bob, 'SELL', '60000', AT); // orders go on meanwhile
      await sleep(25);
    }
  })();
  await end();
  await reader.untilClosed();
  await untilBack();
  await trading;
  const after = await market();
  assert.equal(after.count, 45, 'each trade is counted once: before, meanwhile and after');
  assert.deepEqual(
    [after.asks, after.bids.map(([price]: [string]) => price)],
    [before.asks, before.bids.map(([price]: [string]) => price)],
  );
  assert.equal(after.candles.at(-1)[8], 45);

  const again = await Listener.open(doors.venue.url, `/ws/${SYMBOL.toLowerCase()}@trade`);
  await doors.place(doors.bob, 'SELL', '60000', AT);
  await again.until(({ t: id }) => id === 46, 'the next trade');
  again.close();
});

it('a publisher is replaced as often as it dies', async (t) => {
  const { doors, end, untilBack, market } = await open(t);
  await doors.place(doors.alice, 'BUY', '50000', AT);
  const before = await market();
  for (let times = 0; times < 3; times++) {
    await end();
    await untilBack();
    assert.deepEqual(await market(), before);
  }
  assert.equal((await ok(doors.alice.signed('GET', '/api/v3/openOrders'))).length, 1);
});
