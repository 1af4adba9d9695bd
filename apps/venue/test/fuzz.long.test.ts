/** Random requests and random files, for a while. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { JournalDamage } from '@outcry/journal/format';
import { JournalReader } from '@outcry/journal/journal-reader';
import { listSegments } from '@outcry/journal/segments';
import { listSnapshots, readSnapshot } from '@outcry/journal/snapshot';
import { Random } from '@outcry/workload/random';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

/** Seconds each; `OUTCRY_FUZZ_SECONDS` makes it longer. A failure names its seed. */
const SECONDS = Number(process.env.OUTCRY_FUZZ_SECONDS ?? 15);
const SEED = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fffffff));

const WORDS = [
  ...['BTCUSDT', 'ETHUSDT', 'BUY', 'SELL', 'LIMIT', 'MARKET', 'LIMIT_MAKER', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'],
  ...['GTC', 'IOC', 'FOK', 'GTD', 'DAY', 'OPG', 'CLS', 'MARKET_TO_LIMIT', 'PRIMARY_PEG', 'PRICE_LEVEL', 'PRIMARY', 'MID', 'LAST', 'BEST'],
  ...['EXPIRE_TAKER', 'DECREMENT', 'NONE', 'ACK', 'FULL', 'true', 'false', '1m', '["BTCUSDT"]', 'STOP_ON_FAILURE', 'ALLOW_FAILURE'],
];
const NUMBERS = [
  '0',
  '1',
  '0.001',
  '0.00001',
  '59000',
  '60000.01',
  '60000',
  '-1',
  '1e5',
  '9007199254740993',
  '0.000000001',
  '99999999999999999999',
];

function value(random: Random): string {
  const what = random.below(10);
  if (what < 4) return random.pick(WORDS);
  if (what < 8) return random.pick(NUMBERS);
  if (what === 8) return String.fromCodePoint(...Array.from({ length: random.below(12) }, () => random.between(32, 0x2ff)));
  return crypto.createHash('sha1').update(String(random.next())).digest('base64').slice(0, random.below(28));
}

it(`a venue answers whatever it is asked, with documented errors (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const data = temporaryDirectory('fuzz');
  const venue = await VenueProcess.start(data, '--demo', '--no-flow');
  const alice = new Client(venue.url);
  const bob = new Client(venue.url, 'bob');
  const { paths } = (await (await fetch(`${venue.url}/openapi.json`)).json()) as any;
  const operations = Object.entries(paths as Record<string, Record<string, any>>).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, { parameters }]) => ({
      route: route.replace(/\{(\w+)\}/g, (_, name) => (name === 'symbol' ? 'BTCUSDT' : name === 'tier' ? '1' : 'alice')),
      method: method.toUpperCase(),
      names: ((parameters ?? []) as any[]).filter((p) => p.in === 'query').map((p) => p.name as string),
    })),
  );
  assert.ok(operations.length > 30);
  const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();
  const until = Date.now() + SECONDS * 1000;
  const codes = new Map<number, number>();
  while (Date.now() < until) {
    const { route, method, names } = random.pick(operations);
    const parameters: Record<string, string> = {};
    for (const name of names) if (random.chance(0.6)) parameters[name] = name === 'symbol' ? 'BTCUSDT' : value(random);
    if (random.chance(0.1)) parameters[value(random) || 'x'] = value(random);
    const isAdmin = route.startsWith('/outcry/v1') && names.length === 0;
    let status: number;
    if (isAdmin && method !== 'GET') {
      const body: Record<string, unknown> = {};
      for (const key of ['state', 'STATUS', 'STATIC_BAND', 'GROUP', 'asset', 'amount', 'to', 'reference', 'name', value(random)]) {
        if (random.chance(0.3)) body[key] = random.chance(0.5) ? value(random) : random.between(-5, 1_000_000);
      }
      const headers = { 'content-type': 'application/json', 'x-outcry-admin': token };
      const text = random.chance(0.05) ? value(random) : JSON.stringify(body);
      ({ status } = await fetch(venue.url + route, { method, headers, body: text }));
    } else ({ status } = await random.pick([alice, bob]).signed(method, route, parameters));
    codes.set(status, (codes.get(status) ?? 0) + 1);
    assert.notEqual(status, 500, `${method} ${route} ${JSON.stringify(parameters)}`);
  }
  assert.ok((codes.get(200) ?? 0) > 10 && (codes.get(400) ?? 0) > 10, JSON.stringify([...codes]));
  assert.equal((await alice.public('/api/v3/ping')).status, 200);
  await venue.close();
  const again = await VenueProcess.start(data, '--demo', '--no-flow');
  await again.close();
  fs.rmSync(data, { recursive: true, force: true });
});

it(`a journal and a snapshot of any bytes are read, or refused with where they are broken (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const data = temporaryDirectory('fuzz');
  const venue = await VenueProcess.start(data, '--demo');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await venue.kill('SIGTERM');
  const directory = path.join(data, 'journal');
  const [segment] = listSegments(directory);
  const [snapshot] = listSnapshots(directory);
  const sound = fs.readFileSync(segment.path).subarray(0, 200_000);
  const image = fs.readFileSync(snapshot.path);
  const parts = readSnapshot(snapshot.path);
  const until = Date.now() + SECONDS * 1000;
  let refused = 0;
  while (Date.now() < until) {
    const bytes = mutated(sound, random);
    fs.writeFileSync(segment.path, bytes);
    try {
      const reader = new JournalReader(directory, 1);
      let commands = 0;
      for (let batch = reader.read(); batch !== undefined; batch = reader.read()) commands += batch.count;
      reader.examineEnd();
      reader.close();
      assert.ok(commands <= bytes.length / 64);
    } catch (error) {
      assert.ok(error instanceof JournalDamage, String((error as Error).stack));
      refused++;
    }
    fs.writeFileSync(snapshot.path, mutated(image, random));
    try {
      assert.deepEqual(readSnapshot(snapshot.path), parts, 'what is read is what was written');
    } catch (error) {
      assert.ok(
        !(error instanceof RangeError || error instanceof TypeError || error instanceof assert.AssertionError),
        String((error as Error).stack),
      );
    }
  }
  assert.ok(refused > 0);
  fs.rmSync(data, { recursive: true, force: true });
});

/** Bytes with something changed: bits flipped, a piece cut out, doubled, or put elsewhere. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  const length = random.between(1, Math.min(4096, copy.length - at));
  switch (random.below(4)) {
    case 0:
      copy[at] ^= 1 << random.below(8);
      return copy;
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at)]);
    default:
      for (let i = 0; i < length; i++) copy[at + i] = random.below(256);
      return copy[at] === bytes[at] && copy.equals(bytes) ? mutated(bytes, random) : copy;
  }
}
