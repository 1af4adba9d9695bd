/** The `outcry` command as a user runs it: exit codes, error lines, and what its subcommands print. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PlainBook } from '@outcry/book/plain-book';
import { generateBookFlow } from '@outcry/workload/book-flow';
import { kindOf, OPERATION, sideOf } from '@outcry/workload/operation';
import { type Command, CommanderError } from 'commander';
import { Client, OUTCRY, temporaryDirectory, VenueProcess } from '../../venue/test/support/process.ts';
import { outcryProgram } from '../src/program.ts';

/** What a pipe takes before somebody reads, on Linux. */
const PIPE_BYTES = 65_536;
const directory = temporaryDirectory('cli');
after(() => fs.rmSync(directory, { recursive: true, force: true }));

function outcry(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', OUTCRY, ...args], { encoding: 'utf8', timeout: 60_000 });
}

function json(...args: string[]): any {
  const { status, stdout, stderr } = outcry(...args, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

describe('outcry', () => {
  const commands: [called: string, Command][] = [];
  const visit = (called: string, command: Command) => {
    commands.push([called, command]);
    for (const each of command.commands) visit(`${called} ${each.name()}`, each);
  };
  const program = outcryProgram();
  visit('outcry', program);

  it('every command says how it is used, with defaults that can be typed', () => {
    assert.ok(commands.length > 30, commands.map(([called]) => called).join(', '));
    for (const [called, command] of commands) {
      const help = command.helpInformation();
      assert.ok(help.startsWith(`Usage: ${called}`), help);
      assert.doesNotMatch(help, /\(default:?\s+[[{]|\d{16}/, called);
    }
    const { status, stdout } = outcry('feed', 'filter', '--help');
    assert.equal(status, 0);
    assert.match(stdout, /\(default: 239\.255\.80\.1:8090\)/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('a command without an argument or option that it needs names it in one line, and says where help is', async () => {
    let said = '';
    const writeErr = (text: string) => {
      said += text;
    };
    for (const [, command] of commands) command.configureOutput({ writeErr });
    for (const [called, command] of commands) {
      const needed = command.registeredArguments.find(({ required }) => required)?.name();
      if (needed === undefined) continue;
      said = '';
      await assert.rejects(program.parseAsync(called.split(' ').slice(1), { from: 'user' }), CommanderError);
      const missing = `(missing required argument '${needed}'|required option '--\\w+ <.*>' not specified)`;
      assert.match(said, new RegExp(`^outcry: ${missing}\nSee: ${called} --help\n$`));
    }
  });

  it('says what is wrong in one line, and ends with 1', () => {
    for (const [args, message] of [
      [['journal', 'dump', '--data', directory], /is --data the data directory of a venue\?/],
      [['account', 'list', '--data', directory], /is --data the directory of a venue that has run\?/],
      [['replay', path.join(directory, 'missing.ops')], /missing\.ops/],
    ] as [string[], RegExp][]) {
      const { status, stdout, stderr } = outcry(...args);
      assert.equal(status, 1, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.ok(!/ {4}at /.test(stderr), 'no stack trace for people');
    }
  });

  it('ends wrong usage with 2, and help with 0', () => {
    for (const [args, message] of [
      [['dance'], /unknown command 'dance'/],
      [['journal', 'sing'], /unknown command 'sing'/],
      [['journal', 'dump', '--form', '3'], /unknown option '--form'/],
      [['journal', 'dump', '--from', 'x'], /'x' is invalid\. It must be a sequence number, from 1/],
      [['account', 'login', 'alice'], /^outcry: missing required argument 'user'\nSee: outcry account login --help\n$/],
      [['account', 'key', 'expire', 'k', 'soon'], /'soon' is invalid .*'time'\. It must be a time such as/],
      [['journal'], /Usage: outcry journal/],
      [[], /Usage: outcry/],
    ] as [string[], RegExp][]) {
      const { status, stdout, stderr } = outcry(...args);
      assert.deepEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(stderr, message);
      assert.ok(!/ {4}at /.test(stderr), 'no stack trace for people');
    }
    for (const args of [['--help'], ['help', 'journal'], ['--version'], ['journal', 'dump', '-h']])
      assert.equal(outcry(...args).status, 0, args.join(' '));
  });

  it('doctor tells what the machine offers and what took effect', () => {
    const found = json('doctor');
    const text = JSON.stringify(found);
    for (const subject of ['pinning', 'FIFO', 'huge pages', 'sync', 'clock']) assert.match(text, new RegExp(subject, 'i'));
  });
});

describe('outcry replay', () => {
  function write(name: string, words: Int32Array): string {
    const file = path.join(directory, name);
    fs.writeFileSync(file, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    return file;
  }

  for (const profile of ['itch', 'move']) {
    it(`answers for the ${profile} mix what a plain book answers`, () => {
      const { words, count } = generateBookFlow(profile, 77, 20_000);
      const plain = new PlainBook();
      for (let at = 0; at < words.length; at += 4) {
        const [head, id, price, quantity] = words.subarray(at, at + 4);
        const side = sideOf(head);
        if (kindOf(head) === OPERATION.LIMIT) plain.limit(id, side, price, quantity);
        else if (kindOf(head) === OPERATION.IMMEDIATE) plain.match(id, side, price, quantity);
        else if (kindOf(head) === OPERATION.MARKET) plain.match(id, side, null, quantity);
        else if (kindOf(head) === OPERATION.CANCEL) plain.cancel(id);
        else plain.replace(id, price, quantity);
      }
      const result = json('replay', write(`${profile}.ops`, words), '--runs', '2', '--latency');
      const volume = plain.trades.reduce((sum, trade) => sum + trade.quantity, 0);
      assert.deepEqual(
        [result.ops, result.trades, result.volume, result.bestBid, result.bestAsk, result.resting],
        [count, plain.trades.length, volume, plain.best(0), plain.best(1), plain.orders.size],
      );
      assert.equal(result.runs, 2);
      assert.ok(result.nsPerOp.min <= result.nsPerOp.median && result.nsPerOp.median <= result.nsPerOp.max);
      assert.deepEqual(Object.keys(result.latencyNs), ['p50', 'p99', 'p999', 'p9999', 'max']);
    });
  }

  const generator = fileURLToPath(new URL('../../../../shared/workload/generate.mjs', import.meta.url));
  for (const [profile, symbols] of [
    ['itch', 1],
    ['move', 1],
    ['itch', 7],
  ] as const) {
    it(`answers for ${symbols} symbol(s) of the ${profile} mix what the reference book answers, tape and all`, (t) => {
      if (!fs.existsSync(generator)) return t.skip(`no reference at ${generator}`);
      const file = path.join(directory, 'reference.ops');
      const seed = String(crypto.randomInt(1, 1_000_000));
      const { stdout } = spawnSync(process.execPath, [generator, profile, seed, '50000', file, String(symbols)], { encoding: 'utf8' });
      const expected = JSON.parse(stdout);
      const result = json('replay', file, '--runs', '1');
      const fields = symbols === 1 ? ['trades', 'volume', 'bestBid', 'bestAsk', 'resting', 'tape'] : ['books'];
      for (const field of fields) assert.deepEqual(result[field], expected[field], `${field}, seed ${seed}`);
    });
  }

  it('plays several files at once, and answers in their order', () => {
    const files = ['itch', 'move', 'deep'].map((profile, seed) =>
      write(`${profile}-${seed}.ops`, generateBookFlow(profile, seed + 1, 5_000).words),
    );
    const lines = outcry('replay', ...files, '--runs', '1', '--threads', '2', '--json')
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ file }) => file),
      files,
    );
    for (const [i, { tape }] of lines.entries()) assert.equal(tape, json('replay', files[i], '--runs', '1').tape);
  });

  it('names the record that makes no sense', () => {
    const { words } = generateBookFlow('move', 1, 100);
    words[5 * 4] = 9;
    const { status, stderr } = outcry('replay', write('wrong.ops', words), '--json');
    assert.equal(status, 1);
    assert.match(stderr, /record 5/);
    fs.writeFileSync(path.join(directory, 'short.ops'), Buffer.alloc(17));
    assert.match(outcry('replay', path.join(directory, 'short.ops')).stderr, /16/);
  });
});

it('outcry serve stops in good order when its terminal is closed, and its demo shows what still opens an account', async () => {
  const data = path.join(directory, 'demo');
  const first = await VenueProcess.start(data, '--demo', '--no-flow', '--log-level', 'info');
  assert.match(first.output, /alice {2}\(API key "alice", secret "alice-secret"; OUCH, FIX and gRPC: ALICE, alicepass\)/);
  const where = ['--data', data, '--url', first.url];
  json('account', 'key', 'rotate', 'alice', ...where);
  json('account', 'login', 'rotate', 'BOB', ...where);
  for (const output of [first.child.stdout!, first.child.stderr!]) output.destroy();
  assert.equal(await first.kill('SIGHUP'), 0);
  const second = await VenueProcess.start(data, '--demo', '--no-flow');
  await second.close();
  assert.match(second.output, /alice {2}\(API key changed since the first start; OUCH, FIX and gRPC: ALICE, alicepass\)/);
  assert.match(second.output, /bob {4}\(API key "bob", secret "bob-secret"; OUCH, FIX and gRPC: password changed since the first start\)/);
  assert.doesNotMatch(second.output, /alice-secret|bobpass/);
});

describe('outcry on a running venue and its data', () => {
  const data = path.join(directory, 'venue');
  let venue: VenueProcess;
  before(async () => {
    fs.mkdirSync(data);
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
  });
  after(() => venue.kill());

  it('opens an account, funds it, gives it keys, and lists it', async () => {
    const where = ['--data', data, '--url', venue.url];
    const created = json('account', 'create', 'carol', ...where);
    assert.match(created.secret, /^[0-9a-f]{64}$/);
    assert.equal(json('account', 'fund', 'carol', 'BTC', '2.5', ...where).free, '2.50000000');
    assert.equal(json('account', 'fund', 'carol', 'BTC', '-0.5', ...where).free, '2.00000000');
    assert.notEqual(json('account', 'key', 'carol', ...where).key, created.key);
    const carol = json('account', 'list', ...where).find(({ name }: { name: string }) => name === 'carol');
    assert.equal(carol.keys.length, 2);
    assert.deepEqual(carol.balances, [{ asset: 'BTC', free: '2.00000000', locked: '0.00000000' }]);
    const client = new Client(venue.url, created.key, created.secret);
    const order = {
      symbol: 'BTCUSDT',
      side: 'SELL',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: '60000',
      quantity: '1',
      newClientOrderId: 'c-1',
    };
    assert.equal((await client.signed('POST', '/api/v3/order', order)).status, 200);
    assert.match(outcry('account', 'create', 'carol', ...where).stderr, /there is an account 'carol' already/i);
    assert.match(outcry('account', 'list', '--data', data, '--url', 'http://127.0.0.1:9').stderr, /does not answer/);
  });

  it('tells how memory stands, and proposes sizes from the peaks of the run once it has ended', async () => {
    const where = ['--url', venue.url];
    assert.match(
      outcry('memory', ...where).stdout,
      /^pressure normal, health 100 of 100\n[\s\S]*orders +engine +\d+ +4000000[\s\S]*suspected leaks: none/,
    );
    assert.equal(json('memory', ...where).level, 'normal');
    assert.match(outcry('memory', '--url', 'http://127.0.0.1:9').stderr, /does not answer/);
    assert.match(outcry('memory', 'tune', '--data', data).stderr, /there is no .*memory-peaks\.json: run a venue/);
    const other = path.join(directory, 'tuned');
    fs.mkdirSync(other);
    const short = await VenueProcess.start(other, '--demo', '--no-flow');
    await short.close();
    const config = path.join(other, 'config.json');
    fs.writeFileSync(config, JSON.stringify({ limits: { accounts: 77 }, logLevel: 'error' }));
    const tuned = json('memory', 'tune', '--data', other, '--config', config);
    assert.deepEqual(tuned.map(({ setting }: { setting: string }) => setting).sort(), ['commandSlots', 'eventSlots', 'limits.orders']);
    const { limits, logLevel, commandSlots } = JSON.parse(fs.readFileSync(config, 'utf8'));
    assert.deepEqual([limits, logLevel, commandSlots], [{ accounts: 77, orders: 1000 }, 'error', 4096]);
    const again = await VenueProcess.start(other, '--demo', '--no-flow', '--config', config);
    assert.equal(json('memory', '--url', again.url).parts[0].capacity, 1000);
    await again.close();
  });

  it('prints all of a long journal to a reader that is slow, and ends without a word when it has read enough', async () => {
    const alice = new Client(venue.url);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.001' };
    for (let n = 0; n < 40; n++) await Promise.all(Array.from({ length: 20 }, () => alice.signed('POST', '/api/v3/order', order)));
    const whole = outcry('journal', 'dump', '--data', data, '--json').stdout;
    assert.ok(whole.length > 2 * PIPE_BYTES, `${whole.length} bytes`);
    const dump = `'${process.execPath}' --disable-warning=ExperimentalWarning '${OUTCRY}' journal dump --data '${data}' --json`;
    const piped = (reader: string) =>
      spawnSync('sh', ['-c', `{ ${dump}; echo $? >&2; } | ${reader}`], { encoding: 'utf8', timeout: 60_000 });
    const slow = piped('{ sleep 2; cat; }');
    assert.equal(slow.stderr, '0\n');
    assert.ok(slow.stdout.startsWith(whole), `${slow.stdout.length} bytes of ${whole.length}`);
    const head = piped('{ sleep 2; head -n 3; }');
    assert.deepEqual([head.stdout, head.stderr], [whole.split('\n').slice(0, 3).join('\n').concat('\n'), '0\n']);
  });

  it('dumps the journal while the venue runs, and verifies it', async () => {
    const { stdout } = outcry('journal', 'dump', '--data', data, '--json');
    const commands = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      commands.map(({ sequence }) => sequence),
      commands.map((_, i) => i + 1),
    );
    const order = commands.find(({ kind }) => kind === 'new_order');
    assert.deepEqual([order.price, order.quantity], [6_000_000, 100_000]);
    const some = outcry('journal', 'dump', '--data', data, '--from', '3', '--to', '5').stdout.trim().split('\n');
    assert.equal(some.length, 3);
    assert.equal(await venue.kill('SIGTERM'), 0);
    const verified = outcry('journal', 'verify', '--data', data, '--json');
    assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  });

  it('ends with 1 and the place when the journal is damaged', () => {
    const [name] = fs.readdirSync(path.join(data, 'journal')).filter((file) => file.endsWith('.log'));
    const file = path.join(data, 'journal', name);
    const bytes = fs.readFileSync(file);
    bytes[700] ^= 1;
    fs.writeFileSync(file, bytes);
    const { status, stdout, stderr } = outcry('journal', 'verify', '--data', data);
    assert.equal(status, 1);
    assert.match(stdout + stderr, /journal-0000000000000001\.log.*byte \d+/);
  });
});
