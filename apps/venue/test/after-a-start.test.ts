import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { Listener } from './support/listener.ts';
import { temporaryDirectory } from './support/process.ts';

/** What a client saw of the market before a restart goes on after it. */

const PAGES = ['avgPrice', 'trades', 'aggTrades', 'klines?interval=1s', 'klines?interval=1h', 'ticker/price', 'ticker/bookTicker'];
/** of ticker/24hr: all but its span, which goes on */
const SPAN = ['openTime', 'closeTime'];

function configured(): VenueConfig {
  const data = temporaryDirectory('after-a-start');
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  return { ...DEFAULTS, ...market, port: 0, data, readWaitMs: 60_000 };
}

async function pagesOf({ alice }: Doors): Promise<Record<string, unknown>> {
  const pages: Record<string, unknown> = {};
  for (const page of PAGES) {
    const path = `/api/v3/${page}${page.includes('?') ? '&' : '?'}symbol=${SYMBOL}`;
    const got = await ok(alice.public(path));
    // Time goes on, and with it candles in which nothing traded.
    pages[page] = page.startsWith('klines') ? got.filter(([, , , , , volume]: string[]) => Number(volume) > 0) : got;
  }
  const day = await ok(alice.public(`/api/v3/ticker/24hr?symbol=${SYMBOL}`));
  pages.day = Object.fromEntries(Object.entries(day).filter(([name]) => !SPAN.includes(name)));
  return pages;
}

/** The numbers of an order's executions, and of the book's changes, that a client is told of. */
async function numbersOf({ venue, alice }: Doors, trade: () => Promise<unknown>): Promise<{ executions: number[]; updates: number[] }> {
  const answer = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
  const { listenKey } = (await answer.json()) as { listenKey: string };
  const path = `/ws/${listenKey}/${SYMBOL.toLowerCase()}@depth@100ms`;
  const stream = await Listener.open(venue.url, path);
  const before = (await ok(alice.public(`/api/v3/depth?symbol=${SYMBOL}`))).lastUpdateId;
  await trade();
  await stream.until(({ e, X }) => e === 'executionReport' && X === 'FILLED');
  const change = await stream.until(({ e }) => e === 'depthUpdate');
  stream.close();
  const executions = stream.messages.filter(({ e }) => e === 'executionReport').map(({ I }) => I);
  const after = (await ok(alice.public(`/api/v3/depth?symbol=${SYMBOL}`))).lastUpdateId;
  return { executions, updates: [before, change.U, change.u, after] };
}

const isAscending = (numbers: readonly number[]) => numbers.every((number, i) => i === 0 || number >= numbers[i - 1]);

it('pages of the market are the same after a restart, and numbers go on above those before it', async (t) => {
  const config = configured();
  const before = await Doors.open(t, config);
  await startDemo(before.venue, { flow: false }, log);
  const trade = (doors: Doors, price: string) => async () => {
    await doors.place(doors.alice, 'SELL', price);
    await doors.place(doors.bob, 'BUY', price);
  };
  const first = await numbersOf(before, trade(before, '60000'));
  await trade(before, '60010')();
  await before.place(before.alice, 'SELL', '60020');
  const shown = await pagesOf(before);
  await before.venue.close();
  const after = await Doors.open(t, config);
  assert.deepEqual(await pagesOf(after), shown);
  const second = await numbersOf(after, trade(after, '60005'));
  for (const kind of ['executions', 'updates'] as const) {
    assert.ok(isAscending([...first[kind], ...second[kind]]), JSON.stringify([first, second]));
    assert.ok(second[kind][0] > Math.max(...first[kind]), JSON.stringify([first, second]));
  }
});
