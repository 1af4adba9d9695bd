import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { OUTCRY, temporaryDirectory } from '../../venue/test/support/process.ts';

const directory = temporaryDirectory('feed');
after(() => fs.rmSync(directory, { recursive: true, force: true }));

const FLAGS = ['--disable-warning=ExperimentalWarning', OUTCRY];
const file = (name: string) => path.join(directory, name);

function outcry(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...FLAGS, ...args], { encoding: 'utf8', timeout: 60_000 });
}

function stats(name: string, ...more: string[]) {
  const { status, stdout, stderr } = outcry('feed', 'stats', file(name), '--json', ...more);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as {
    datagrams: number;
    messages: number;
    gaps: number;
    openOrders: number;
    types: Record<string, number>;
    symbols: Record<string, number>;
  };
}

test('a generated day is counted, filtered, played and recorded again, and stays the same day', async () => {
  const line = `239.255.76.1:${23_000 + (process.pid % 9000)}`;
  const generated = outcry('itch', 'generate', file('day.pcap'), '--messages', '20000', '--instruments', '50', '--line', line);
  assert.equal(generated.status, 0, generated.stderr);
  const messages = Number(/^(\d+) messages/m.exec(generated.stdout)![1]);
  const day = stats('day.pcap');
  assert.deepEqual([day.messages, day.gaps, day.openOrders, Object.keys(day.types).length], [messages, 0, 0, 23]);
  const one = outcry('feed', 'filter', file('day.pcap'), file('one.pcap'), '--filter', 'symbol AAAA and not type order_delete');
  assert.equal(one.status, 0, one.stderr);
  const filtered = stats('one.pcap', '--filter', 'symbol AAAA');
  assert.ok(filtered.datagrams > 0 && filtered.datagrams < day.datagrams);
  assert.equal(stats('day.pcap', '--filter', 'symbol AAAA').symbols.AAAA, day.symbols.AAAA);
  const recorder = spawn(process.execPath, [...FLAGS, 'feed', 'record', file('again.pcap'), '--line', line, '--seconds', '20'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve) => recorder.stderr.on('data', (text) => String(text).includes('recording') && resolve()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const played = outcry('feed', 'play', file('day.pcap'), '--speed', 'full');
  assert.equal(played.status, 0, played.stderr);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const ended = new Promise((resolve) => recorder.once('exit', resolve));
  recorder.kill('SIGINT');
  await ended;
  const again = stats('again.pcap');
  // Multicast may lose what comes at full speed; what came is the same.
  assert.ok(again.messages > messages / 20, `${again.messages} of ${messages}`);
  if (again.gaps === 0) assert.deepEqual(again.types, day.types);
});

test('messages alone are recorded once each, counted, filtered one by one, and played as a session of their own', async () => {
  const line = `239.255.76.2:${23_000 + (process.pid % 9000)}`;
  const other = `239.255.76.3:${23_000 + (process.pid % 9000)}`;
  const run = (...args: string[]) => {
    const done = outcry(...args);
    assert.equal(done.status, 0, done.stderr);
    return done.stdout;
  };
  run('itch', 'generate', file('small.itch'), '--messages', '3000', '--instruments', '20');
  const day = stats('small.itch');
  assert.deepEqual([day.openOrders, Object.keys(day.types).length], [0, 23]);
  run('feed', 'filter', file('small.itch'), file('adds.itch'), '--filter', 'symbol AAAA and type add_order');
  const adds = stats('adds.itch');
  assert.deepEqual(adds.types, { add_order: stats('small.itch', '--filter', 'symbol AAAA and type add_order').types.add_order });
  run('feed', 'filter', file('small.itch'), file('small.pcap'), '--filter', 'not type X', '--line', line);
  const { order_cancel: cancels, ...rest } = day.types;
  assert.ok(cancels > 0);
  assert.deepEqual(stats('small.pcap').types, rest);
  run('feed', 'filter', file('small.pcap'), file('back.itch'), '--filter', 'type add_order,system_event');
  assert.deepEqual(stats('back.itch').types, { add_order: day.types.add_order, system_event: day.types.system_event });

  const recorder = spawn(
    process.execPath,
    [...FLAGS, 'feed', 'record', file('live.itch'), '--line', line, '--line', other, '--seconds', '20'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await new Promise<void>((resolve) => recorder.stderr.on('data', (text) => String(text).includes('recording') && resolve()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  run('feed', 'play', file('small.itch'), '--speed', 'full', '--line', line, '--line', other);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const ended = new Promise((resolve) => recorder.once('exit', resolve));
  recorder.kill('SIGINT');
  await ended;
  const live = stats('live.itch');
  assert.ok(live.messages > day.messages / 20 && live.messages <= day.messages, `${live.messages} of ${day.messages}`);
  if (live.messages === day.messages) assert.deepEqual(fs.readFileSync(file('live.itch')), fs.readFileSync(file('small.itch')));
});

test('a file as Nasdaq publishes them holds each message behind its length', () => {
  assert.equal(outcry('itch', 'generate', file('day.itch'), '--messages', '1000', '--instruments', '10').status, 0);
  const bytes = fs.readFileSync(file('day.itch'));
  let at = 0;
  while (at < bytes.length) at += 2 + bytes.readUInt16BE(at);
  assert.equal(at, bytes.length);
  assert.equal(String.fromCharCode(bytes[2]), 'S');
});

test('what cannot be done is said in one line', () => {
  fs.writeFileSync(file('noise'), 'x'.repeat(100));
  for (const [args, message, code = 1] of [
    [['feed', 'stats', file('missing')], /ENOENT/],
    [['feed', 'stats', file('noise')], /no capture: unknown magic number at byte 0/],
    [['feed', 'stats', file('noise'), '--filter', 'colour red'], /cannot be filtered by/],
    [['feed', 'record', file('noise'), '--line', 'nowhere'], /It must be GROUP:PORT/, 2],
    [['feed', 'play', file('noise'), '--speed', '0'], /a number above 0/, 2],
    [['feed', 'play', file('day.itch')], /holds messages and no addresses: say where to send them, with --line/],
    [['feed', 'filter', file('day.itch'), file('y'), '--filter', 'type A', '--session', 'much too long'], /one to ten printable/, 2],
    [['itch', 'generate', file('noise')], /EEXIST/],
    [['itch', 'generate', file('x'), '--instruments', '0'], /a whole number from 1 to 65535/, 2],
  ] as [string[], RegExp, number?][]) {
    const { status, stderr } = outcry(...args);
    assert.equal(status, code, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), stderr);
  }
});
