/** The ITCH feed of a venue: a reader has its book, over loss and late starts. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FeedClient, type FeedClientOptions } from '@outcry/feed/feed-client';
import { BUY, ItchBook, SELL } from '@outcry/feed/itch-book';
import { glimpse, itch } from '@outcry/wire/itch';
import { SOUP } from '@outcry/wire/soup';
import { Random } from '@outcry/workload/random';
import { administer } from './support/admin.ts';
import { OuchClient, type Received, SoupClient } from './support/ouch-client.ts';
import { VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-itch-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const PRICE = 600_000_000;
let count = 0;

interface Ports {
  ouch: number;
  glimpse: number;
  itchRequests: number;
  itchSession: string;
}

/** A venue with market data on groups of its own. */
async function start(data = path.join(folder, `data-${count}`)) {
  const lines = [1, 2].map((line) => ({
    group: `239.255.${(process.pid + count) % 200}.${line}`,
    port: 20_000 + ((process.pid * 7 + count * 2 + line) % 20_000),
  }));
  const config = path.join(folder, `${count++}.json`);
  fs.writeFileSync(
    config,
    JSON.stringify({ ouch: { port: 0 }, instruments: WIDE_INSTRUMENTS, itch: { lines, requestPort: 0, glimpsePort: 0 } }),
  );
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: Ports };
  const follow = (more: Partial<FeedClientOptions> = {}) =>
    FeedClient.open({
      lines,
      host: '127.0.0.1',
      session: ports.itchSession,
      requests: { host: '127.0.0.1', port: ports.itchRequests },
      glimpse: { host: '127.0.0.1', port: ports.glimpse, user: 'ALICE', password: 'alicepass' },
      ...more,
    });
  return { venue, ports, follow, data };
}

/** Orders of all kinds from both demo accounts, until so many have been sent; waits for their outcomes. */
async function trade(port: number, orders: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const below = (n: number) => random.below(n);
  const clients = await Promise.all([OuchClient.open(port, 'ALICE', 'alicepass', 0), OuchClient.open(port, 'BOB', 'bobpass', 0)]);
  const next: number[] = [];
  for (const client of clients) {
    client.query();
    next.push((await client.next('account_query_response')).nextUserRef as number);
  }
  for (let i = 0; i < orders; i++) {
    const who = below(2);
    const client = clients[who];
    const reference = next[who];
    const what = below(10);
    const tags = what === 0 ? [5, 5, 0, 0, 0, 3] : what === 1 ? [2, 12, 'P'.charCodeAt(0)] : [];
    if (what < 6) client.enter(next[who]++, random.chance(0.5) ? 'B' : 'S', 1 + below(40), PRICE + (below(41) - 20) * 100, { tags });
    else if (what < 8) client.cancel(reference - 1 - below(30), below(3) === 0 ? 1 + below(5) : 0);
    else client.replace(reference - 1 - below(20), next[who]++, 1 + below(40), PRICE + (below(41) - 20) * 100);
    if (i % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const client of clients) {
    const received = client.received.length;
    client.query();
    await client.until(() => client.received.slice(received).some(({ message }) => message === 'account_query_response'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.close();
  }
}

/** The book as GLIMPSE has it. */
class GlimpseClient extends SoupClient {
  readonly book = new ItchBook();
  constructor(port: number) {
    super(port, (view, at, bytes): Received => {
      if (itch.check(view, at, bytes) > 0) this.book.apply(view, at);
      return glimpse.describe(view, at, bytes);
    });
  }
}

async function snapshotOf(port: number): Promise<{ book: ItchBook; next: number }> {
  const client = new GlimpseClient(port);
  client.login('ALICE', 'alicepass');
  const end = await client.next('end_of_snapshot');
  client.close();
  return { book: client.book, next: Number(end.sequence) };
}

function assertSameBooks(actual: ItchBook, expected: ItchBook): void {
  for (const locate of [1, 2]) {
    for (const side of [BUY, SELL]) assert.deepEqual([...actual.queue(locate, side)], [...expected.queue(locate, side)]);
  }
}

/** Compares a book with what REST says, level by level. */
async function assertLikeRest(url: string, book: ItchBook): Promise<void> {
  const depth = (await (await fetch(`${url}/api/v3/depth?symbol=BTCUSDT&limit=5000`)).json()) as Record<
    'bids' | 'asks',
    [string, string][]
  >;
  for (const [side, levels] of [
    [BUY, depth.bids],
    [SELL, depth.asks],
  ] as const) {
    const expected = levels.map(([price, quantity]) => [Math.round(Number(price) * 10_000), Math.round(Number(quantity) * 100_000)]);
    assert.deepEqual(
      book.depth(1, side).map(({ price, shares }) => [price, shares]),
      expected,
    );
  }
}

test("a reader of the feed has the venue's book, order by order: icebergs show their piece, hidden orders only their trades", async () => {
  const { venue, ports, follow } = await start();
  const types = new Set<string>();
  const reader = await follow({ late: true, onMessage: (view, at) => types.add(String.fromCharCode(view.getUint8(at))) });
  await trade(ports.ouch, 3000, 1);
  const { book, next } = await snapshotOf(ports.glimpse);
  await until(() => reader.arbiter.next >= next, 'the end of the feed');
  assertSameBooks(reader.book, book);
  await assertLikeRest(venue.url, reader.book);
  assert.equal(reader.book.unknown, 0);
  assert.ok(
    ['A', 'E', 'X', 'D'].every((type) => types.has(type)),
    [...types].join(''),
  );
  assert.equal(reader.book.symbols.get(1), 'BTCUSDT');
  assert.ok(reader.latencies.decode.count > 0 && reader.latencies.book.percentile(0.5) > 0);
  const ended = until(() => reader.isOver, 'the end of the session');
  await venue.close();
  await ended;
  reader.close();
});

test("with 1 % lost and reordered on one line, and 0.1 % on both, no gap is left and the book is the venue's", async () => {
  const { venue, ports, follow } = await start();
  const random = new Random(99);
  let lost = 0;
  const faulty = (share: number) => (line: number, take: () => void) => {
    const chance = random.fraction();
    if (chance < 0.001 || (line === 0 && chance < share)) {
      lost++;
      return false;
    }
    if (line === 0 && chance < share * 2) {
      setTimeout(take, 1 + random.fraction() * 5);
      return false;
    }
    return true;
  };
  const bothLines = await follow({ late: true, fault: faulty(0.01) });
  // One line alone, and a tenth of it lost: the requests do the work.
  const oneLine = await follow({ late: true, fault: (line, take) => line === 0 && faulty(0.1)(line, take) });
  await trade(ports.ouch, 8000, 2);
  const { book, next } = await snapshotOf(ports.glimpse);
  for (const reader of [bothLines, oneLine]) {
    await until(() => reader.arbiter.next >= next, `the end of the feed, at ${reader.arbiter.next} of ${next}`);
    assert.equal(reader.arbiter.hasGap, false);
    assertSameBooks(reader.book, book);
    assert.equal(reader.book.unknown, 0);
  }
  assert.ok(lost > 0);
  assert.ok(oneLine.arbiter.counts.gaps > 0 && oneLine.arbiter.counts.requests > 0, JSON.stringify(oneLine.arbiter.counts));
  for (const reader of [bothLines, oneLine]) reader.close();
  await venue.close();
});

test('a reader that comes late, and one whose requests are not answered, take a snapshot', async () => {
  const { venue, ports, follow } = await start();
  await trade(ports.ouch, 1000, 3);
  let dropping = false;
  const deaf = await follow({ late: true, requests: undefined, fault: () => !dropping, arbiter: { mostRequests: 2, requestMs: 5 } });
  const late = await follow({ late: true });
  await trade(ports.ouch, 500, 4);
  dropping = true;
  await trade(ports.ouch, 500, 5);
  dropping = false;
  await trade(ports.ouch, 500, 6);
  const { book, next } = await snapshotOf(ports.glimpse);
  for (const reader of [late, deaf]) {
    await until(() => reader.arbiter.next >= next && !reader.arbiter.hasGap, 'the end of the feed');
    assertSameBooks(reader.book, book);
  }
  assert.ok(deaf.arbiter.counts.snapshots >= 2, JSON.stringify(deaf.arbiter.counts));
  for (const reader of [late, deaf]) reader.close();
  await venue.close();
});

test('auctions and halts are told: state, indicative price, the orders that traded, the cross; and the book after kill -9', async () => {
  const { venue, ports, follow, data } = await start();
  const received: Received[] = [];
  const reader = await follow({ late: true, onMessage: (view, at, bytes) => received.push(itch.describe(view, at, bytes)) });
  const state = (name: string) => administer({ url: venue.url, data }, 'instruments/BTCUSDT/state', { state: name });
  await state('OPENING_AUCTION');
  const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(ports.ouch, 'BOB', 'bobpass');
  alice.enter(1, 'B', 30, PRICE + 200);
  bob.enter(1, 'S', 20, PRICE);
  await until(() => received.filter(({ message }) => message === 'add_order').length === 2, 'both orders');
  await state('CONTINUOUS');
  assert.deepEqual([(await alice.next('order_executed')).liquidity, (await bob.next('order_executed')).liquidity], ['O', 'O']);
  await until(() => received.some(({ message, state: now }) => message === 'stock_trading_action' && now === 'T'), 'trading again');
  const parts = received.filter(({ message }) => message === 'order_executed_price');
  assert.deepEqual(
    parts.map(({ shares, printable }) => [shares, printable]),
    [
      [20, 'N'],
      [20, 'N'],
    ],
  );
  const cross = received.find(({ message }) => message === 'cross_trade');
  assert.deepEqual([cross?.shares, cross?.crossType, cross?.price], [20, 'O', parts[0].price]);
  await state('HALTED');
  await until(() => received.some(({ state: now }) => now === 'H'), 'the halt');
  assert.deepEqual(
    reader.book.depth(1, BUY).map(({ shares }) => shares),
    [10],
  );
  reader.close();
  await venue.kill('SIGKILL');
  const second = await start(data);
  const { book } = await snapshotOf(second.ports.glimpse);
  assert.deepEqual(
    book.depth(1, BUY).map(({ price, shares }) => [price, shares]),
    [[PRICE + 200, 10]],
  );
  await second.venue.close();
});

test('GLIMPSE lets nobody in without a login, and ends with whoever speaks to it', async () => {
  const { venue, ports } = await start();
  const stranger = new GlimpseClient(ports.glimpse);
  stranger.login('ALICE', 'wrong');
  await stranger.until(() => stranger.isClosed);
  assert.equal(stranger.packets[0].type, 'J');
  const talker = new GlimpseClient(ports.glimpse);
  talker.login('ALICE', 'alicepass');
  await talker.next('end_of_snapshot');
  talker.packet(SOUP.UNSEQUENCED, Uint8Array.of(1));
  await talker.until(() => talker.isClosed);
  await venue.close();
});
