import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { BinanceBook, type DepthUpdate } from '@outcry/feed/binance-book';

const RECORDING = fileURLToPath(new URL('../../../../shared/data/btcusdt_20240809.gz', import.meta.url));

const update = (U: number, u: number, bid: string, quantity: string): DepthUpdate => ({ U, u, b: [[bid, quantity]], a: [] });

test('updates before the snapshot wait for it, those it holds are passed over, and the first after may overlap', () => {
  const book = new BinanceBook(2, 5);
  assert.equal(book.take(update(90, 95, '1.00', '9')), 'waiting');
  assert.equal(book.take(update(96, 105, '2.00', '2')), 'waiting');
  assert.equal(book.snapshot({ lastUpdateId: 100, bids: [['1.50', '1.5']], asks: [['3.00', '1']] }), true);
  assert.equal(book.lastUpdateId, 105);
  assert.deepEqual(book.levels(0), [
    [200, 200_000],
    [150, 150_000],
  ]);
  assert.deepEqual(book.levels(1), [[300, 100_000]]);
  assert.equal(book.take(update(106, 110, '2.00', '0')), 'applied');
  assert.deepEqual(book.levels(0), [[150, 150_000]]);
  assert.equal(book.take(update(100, 110, '9.00', '1')), 'old');
});

test('a missing update is noticed: the book is out of step until the next snapshot that joins on', () => {
  const book = new BinanceBook(2, 5);
  book.snapshot({ lastUpdateId: 10, bids: [], asks: [] });
  assert.equal(book.take(update(11, 12, '1.00', '1')), 'applied');
  assert.equal(book.take(update(14, 15, '1.00', '2')), 'gap');
  assert.equal(book.take(update(16, 17, '1.00', '3')), 'waiting');
  assert.equal(book.snapshot({ lastUpdateId: 12, bids: [], asks: [] }), false, 'too old: 13 would be missing');
  assert.equal(book.snapshot({ lastUpdateId: 14, bids: [], asks: [] }), true);
  assert.deepEqual(book.levels(0), [[100, 300_000]]);
  assert.equal(book.gaps, 1);
});

const skip = fs.existsSync(RECORDING) ? false : 'the recording is not here';

test('a recorded stream joins update to update, and ends in a book that is not crossed', { skip }, () => {
  const book = new BinanceBook(2, 8);
  const messages = zlib
    .gunzipSync(fs.readFileSync(RECORDING))
    .toString('utf8')
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line.slice(line.indexOf(' ') + 1)) as {
          stream: string;
          data: DepthUpdate & { e?: string } & { u: number; b: string; a: string };
        },
    );
  const depth = messages.filter(({ data }) => data.e === 'depthUpdate').map(({ data }) => data as unknown as DepthUpdate);
  assert.ok(depth.length > 3000);
  book.snapshot({ lastUpdateId: depth[0].U - 1, bids: [], asks: [] });
  for (const each of depth) assert.equal(book.take(each), 'applied');
  assert.equal(book.gaps, 0);
  const [[bid], [ask]] = [book.levels(0, 1)[0], book.levels(1, 1)[0]];
  assert.ok(bid > 0 && ask > bid, `${bid} ${ask}`);
});
