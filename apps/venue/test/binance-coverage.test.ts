/** The coverage table is honest: it names all that the venue has, says no of all that it lacks, and docs/binance-coverage.md is made from it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { operations } from '../src/server.ts';
import { CALLS } from './binance-coverage/calls.ts';
import { kinds, operationFacts } from './binance-coverage/coverage.ts';
import { enums } from './binance-coverage/enums.ts';
import { errorCodes, moreCodes } from './binance-coverage/errors.ts';
import { names, type OperationFact } from './binance-coverage/fact.ts';
import { filters } from './binance-coverage/filters.ts';
import { PAGE, page } from './binance-coverage/page.ts';
import { beyond } from './binance-coverage/sessions.ts';
import { intervals, moreStreams, streams } from './binance-coverage/streams.ts';
import { moreEvents, userEvents } from './binance-coverage/user-events.ts';
import { BothDoors } from './support/both-doors.ts';
import { Listener } from './support/listener.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DOORS = ['http', 'binance'].map((door) => path.join(HERE, '../src/doors', door));

function sourcesOf(folder: string): string {
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.map((name) => fs.readFileSync(path.join(folder, name), 'utf8')).join('\n');
}

const source = DOORS.map(sourcesOf).join('\n');
const there = (facts: readonly { name: string; not?: string }[]) => facts.filter(({ not }) => not === undefined).map(({ name }) => name);
const operationOf = ({ rest, ws }: OperationFact) =>
  operations.find((operation) =>
    rest === undefined ? operation.ws === ws : operation.rest !== undefined && `${operation.rest.method} ${operation.rest.path}` === rest,
  );

describe('the coverage table and a running venue', () => {
  const data = temporaryDirectory('binance-coverage');
  let venue: VenueProcess;
  let alice: BothDoors;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo');
    alice = await BothDoors.open(venue.url);
  });
  after(async () => {
    alice.close();
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('agree on every path of REST and every method of the WebSocket API', async () => {
    for (const { rest, ws, not } of operationFacts) {
      if (rest !== undefined) {
        const [method, route] = rest.split(' ');
        const { status, body } = await alice.rest.signed(method, route);
        assert.equal(status === 404 && body.code === -1000, not !== undefined, `${rest}: ${status} ${JSON.stringify(body).slice(0, 200)}`);
      }
      if (ws !== undefined) {
        const { error } = await alice.bySocket(ws, {}, true);
        assert.equal(error?.code === -1000 && /Unknown method/.test(error.msg), not !== undefined, `${ws}: ${JSON.stringify(error)}`);
      }
    }
  });

  it('agree on every stream and interval', async () => {
    const listener = await Listener.open(venue.url, '/ws');
    const isThere = async (name: string) => {
      const { result } = await listener.request({ id: name, method: 'SUBSCRIBE', params: [name] });
      return result === null;
    };
    for (const { example, not } of streams) assert.equal(await isThere(example), not === undefined, example);
    for (const name of Object.keys(moreStreams)) assert.equal(await isThere(name), true, name);
    for (const { name, not } of intervals) {
      assert.equal(await isThere(`btcusdt@kline_${name}`), not === undefined, `the stream of ${name}`);
      const { status } = await alice.rest.public(`/api/v3/klines?symbol=BTCUSDT&interval=${name}`);
      assert.equal(status === 200, not === undefined, `klines of ${name}`);
    }
    listener.close();
  });

  it('agree on the filters that the venue tells of', async () => {
    const { body } = await alice.rest.public('/api/v3/exchangeInfo');
    const received = new Set(body.symbols.flatMap((symbol: any) => symbol.filters.map(({ filterType }: any) => filterType)));
    assert.equal(Object.hasOwn(body, 'sors'), false, 'no smart order routing is offered');
    for (const name of received) assert.ok(there(filters).includes(name as string), `${name} is told and not in the table`);
  });
});

describe('the coverage table and the operations', () => {
  it('have the same: each is documented, or among what is beyond the pages', () => {
    for (const operation of operations) {
      const rest = operation.rest && `${operation.rest.method} ${operation.rest.path}`;
      const fact = operationFacts.find((fact) => fact.rest === rest && fact.ws === operation.ws && fact.not === undefined);
      assert.ok(fact !== undefined || Object.hasOwn(beyond, rest ?? operation.ws ?? ''), `${rest} ${operation.ws} is in the table`);
    }
  });

  it('have the same parameters', () => {
    for (const fact of operationFacts) {
      const operation = operationOf(fact);
      if (operation === undefined) continue;
      const { without = {}, more = {} } = fact;
      const wanted = names(fact.parameters).filter((name) => !Object.hasOwn(without, name));
      const taken = Object.keys(operation.parameters.properties as object);
      assert.deepEqual(taken.sort(), [...wanted, ...Object.keys(more)].sort(), `${fact.rest}`);
    }
  });

  it('have a call of each in the tests', () => {
    const wanted = operationFacts.filter(({ rest, not }) => rest !== undefined && not === undefined).map(({ rest }) => rest!);
    assert.deepEqual(Object.keys(CALLS).sort(), wanted.sort());
  });
});

describe('the coverage table and the sources', () => {
  it('have the same error codes', () => {
    const thrown = new Set([...source.matchAll(/(?:ApiError\(\s*|code: )(-\d{4}),/g)].map(([, code]) => code));
    const known = [...there(errorCodes).map((name) => name.split(' ')[0]), ...Object.keys(moreCodes)];
    assert.deepEqual([...thrown].sort(), known.sort());
  });

  it('have the same filters, events and values of enumerations', () => {
    for (const { name, not } of filters) assert.equal(source.includes(`'${name}'`), not === undefined, name);
    for (const { name, not } of userEvents) assert.equal(source.includes(`'${name}'`), not === undefined, name);
    for (const name of Object.keys(moreEvents)) assert.ok(source.includes(`'${name}'`), name);
    const domain = source + sourcesOf(path.join(HERE, '../src/domain'));
    const elsewhere = new Set(enums.flatMap(({ values }) => names(values)));
    for (const { values, without = {} } of enums) {
      for (const value of names(values)) assert.ok(new RegExp(`\\b${value}\\b`).test(domain), value);
      for (const value of Object.keys(without).filter((name) => !elsewhere.has(name))) assert.ok(!source.includes(`'${value}'`), value);
    }
  });

  it('name tests that exist', () => {
    for (const [kind, facts] of Object.entries(kinds)) {
      for (const { name, test, not } of facts) {
        assert.notEqual(test === undefined, not === undefined, `${kind} ${name}: either a test or a reason`);
        if (test === undefined) continue;
        const at = test.indexOf(': ');
        const file = path.join(HERE, test.slice(0, at));
        assert.ok(fs.existsSync(file), file);
        const text = fs.readFileSync(file, 'utf8');
        const title = test.slice(at + 2);
        assert.ok(
          ["'", '"', '`'].some((quote) => text.includes(quote + title)),
          `${kind} ${name}: ${test}`,
        );
      }
    }
  });

  it('make the page that is in docs', () => {
    assert.equal(fs.readFileSync(PAGE, 'utf8'), page(), 'run: npx node apps/venue/test/binance-coverage/page.ts');
  });
});
