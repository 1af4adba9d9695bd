/** What a configuration may say: what is wrong is told with its place, its value and what is allowed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { INSTRUMENT_RULES } from '@outcry/market/rules';
import { Check } from 'typebox/value';
import { ConfigError, DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { keysOf, nearest, pathName, problemsOf } from '../src/domain/config-check.ts';
import { fileSchema, VENUE, VENUE_SCHEMA, type VenueConfig } from '../src/domain/config-schema.ts';
import { environmentSource, fileSource, optionsSource, readConfig, resolve, sourceOf, variableOf } from '../src/domain/config-sources.ts';
import type { Schema } from '../src/domain/schema.ts';
import { startVenue } from '../src/index.ts';
import { temporaryDirectory } from './support/process.ts';

const directory = temporaryDirectory('config-check');
after(() => fs.rmSync(directory, { recursive: true, force: true }));

const [bitcoin, ether] = DEMO_INSTRUMENTS;
const MARKET = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS };

function errorsOf(config: object): string {
  try {
    resolve([sourceOf('file', { ...MARKET, ...config })]);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return '';
}

function instrument(change: object): object {
  return { instruments: [{ ...bitcoin, ...change }] };
}

const WRONG: [config: object, message: RegExp][] = [
  [{ durability: 'sync' }, /^durability: "sync" is not one of fsync, os; did you mean fsync\?$/],
  [{ durability: '' }, /^durability: "" is not one of/],
  [{ prot: 1 }, /^prot: there is no such key \(its value: 1\); did you mean port\?$/],
  [{ nonsense: { a: 1 } }, /^nonsense: there is no such key \(its value: \{"a":1\}\); known: assets, /],
  [{ weightPerMinute: 1 }, /; did you mean rateLimits\.weightPerMinute\?$/],
  [JSON.parse('{"__proto__": {"port": 1}}') as object, /^__proto__: there is no such key/],
  [{ limits: { order: 5 } }, /^limits\.order: .*did you mean limits\.orders\?$/],
  [{ limits: { orders: 0 } }, /^limits\.orders: 0 is not a whole number from 1 to 16777215$/],
  [{ limits: { orders: 1e12 } }, /^limits\.orders: 1000000000000 is not/],
  [{ limits: { accounts: 1e9 } }, /^limits\.accounts: 1000000000 is not/],
  [{ limits: [] }, /^limits: \[\] is not an object$/],
  [{ limits: null }, /^limits: null is not an object$/],
  [{ limits: { instruments: 1 } }, /^limits\.instruments: 1 is less than the 2 instruments that are defined$/],
  [{ ouch: { prot: 1 } }, /ouch\.prot: .*did you mean ouch\.port\?\n {2}ouch\.port is missing/],
  [{ fix: {} }, /^fix\.port is missing: TCP port/],
  [{ connections: { unsigend: 5 } }, /^connections\.unsigend: .*did you mean connections\.unsigned\?$/],
  [{ connections: { loginMs: 0 } }, /^connections\.loginMs: 0 is not/],
  [{ rateLimits: { weightperminute: 5 } }, /did you mean rateLimits\.weightPerMinute\?$/],
  [{ rateLimits: { weightPerMinute: 0 } }, /^rateLimits\.weightPerMinute: 0 is not a whole number from 1 to/],
  [{ port: 70_000 }, /^port: 70000 is not a whole number from 0 to 65535$/],
  [{ port: '80' }, /^port: "80" is not/],
  [{ port: 1.5 }, /^port: 1\.5 is not/],
  [{ host: 5 }, /^host: 5 is not a name or an address/],
  [{ host: 'http://venue' }, /^host: "http:\/\/venue" is not/],
  [{ commandSlots: 1000 }, /^commandSlots: 1000 is not a power of two from 16 to 16777216$/],
  [{ eventSlots: 2 ** 31 }, /^eventSlots: 2147483648 is not a power of two/],
  [{ publisherSlots: 3 }, /^publisherSlots: 3 is not a power of two/],
  [{ segmentBytes: 100 }, /^segmentBytes: 100 is not/],
  [{ segmentBytes: 1e15 }, /^segmentBytes: 1000000000000000 is not/],
  [{ sessionRoll: '25:00' }, /^sessionRoll: "25:00" is not a time of day, HH:MM \(UTC\)$/],
  [{ sessionRoll: '00:60' }, /^sessionRoll: "00:60" is not/],
  [{ historyMs: -1 }, /^historyMs: -1 is not a whole number from 1 to 2147483647$/],
  [{ historyMs: 2 ** 31 }, /^historyMs: 2147483648 is not/],
  [{ keepSnapshots: 0 }, /^keepSnapshots: 0 is not/],
  [{ realTimePriority: 100 }, /^realTimePriority: 100 is not a whole number from 0 to 99$/],
  [{ publishers: 65 }, /^publishers: 65 is not a whole number from 1 to 64$/],
  [{ wait: 'fast' }, /^wait: "fast" is not one of spin, yield, park, adaptive$/],
  [{ risk: 'off' }, /^risk: "off" is not one of checked, none$/],
  [{ logLevel: 'loud' }, /^logLevel: "loud" is not one of trace,/],
  [
    { schedule: [{ at: '8:00', state: 'HALT' }] },
    /schedule\[0\]\.at: "8:00" is not a time.*\n {2}schedule\[0\]\.state: "HALT" is not one of/,
  ],
  [{ schedule: [{ at: '08:00', state: 'HALTED', symbol: 'NOPE' }] }, /^schedule\[0\]\.symbol: there is no instrument "NOPE"$/],
  [
    { feeTiers: { asset: 'NOPE', days: 30, tiers: [{ volume: '1', makerFeePpm: 0, takerFeePpm: 0 }] } },
    /^feeTiers\.asset: there is no asset "NOPE"$/,
  ],
  [
    { feeTiers: { asset: 'USDT', days: 1e9, tiers: [] } },
    /feeTiers\.days: 1000000000 is not.*\n {2}feeTiers\.tiers has 0 entries; allowed are 1 to 15/,
  ],
  [
    { feeTiers: { asset: 'USDT', days: 3, tiers: ['2', '1'].map((volume) => ({ volume, makerFeePpm: 0, takerFeePpm: 0 })) } },
    /^feeTiers\.tiers\[1\]\.volume: "1" is not more than/,
  ],
  [
    { itch: { lines: [{ group: '1.2.3.4', port: 0 }], requestPort: 0, glimpsePort: 0 } },
    /itch\.lines\[0\]\.group: "1\.2\.3\.4" is not an IPv4 multicast group\n.*lines\[0\]\.port: 0 is not/,
  ],
  [{ ouch: { port: 3000 }, fix: { port: 3000 } }, /^ouch\.port: 3000 is the port of fix\.port already$/],
  [{ hostNames: ['a b/c'] }, /^hostNames\[0\]: "a b\/c" is not a name without a port$/],
  [{ origins: ['desk.example'] }, /^origins\[0\]: "desk\.example" is not an origin as browsers send it/],
  [
    { origins: ['https://Desk.example'] },
    /^origins\[0\]: "https:\/\/Desk\.example" is not as browsers send it: "https:\/\/desk\.example"$/,
  ],
  [{ storeFile: '/tmp' }, /^storeFile: "\/tmp" is a directory, where a file belongs$/],
  [{ assets: [] }, /nothing to trade: give assets and instruments\n.*instruments\[0\]\.base: unknown asset BTC/],
  [{ instruments: [] }, /^nothing to trade: give assets and instruments$/],
  [{ assets: [...DEMO_ASSETS, { name: 'USDT', scale: 2 }] }, /^assets\[3\]\.name: "USDT" is the name of assets\[0\] already$/],
  [
    { assets: [{ name: 'USDT', scales: 8 }] },
    /assets\[0\]\.scales: .*did you mean assets\[0\]\.scale\?\n {2}assets\[0\]\.scale is missing/,
  ],
  [{ assets: [{ name: 'USDT', scale: 9 }] }, /^assets\[0\]\.scale: 9 is not a whole number from 0 to 8$/],
  [{ instruments: [bitcoin, bitcoin] }, /^instruments\[1\]\.symbol: "BTCUSDT" is the symbol of instruments\[0\] already$/],
  [{ instruments: [bitcoin, 7] }, /^instruments\[1\]: 7 is not an object$/],
  [instrument({ maxQuantiy: '1' }), /^instruments\[0\]\.maxQuantiy: .*did you mean instruments\[0\]\.maxQuantity\?$/],
  [instrument({ takerFeePpm: '500' }), /^instruments\[0\]\.takerFeePpm: "500" is not a whole number from 0 to 1000000$/],
  [instrument({ makerFeePpm: 0.5 }), /^instruments\[0\]\.makerFeePpm: 0\.5 is not/],
  [instrument({ takerFeePpm: 2 ** 32 + 1 }), /^instruments\[0\]\.takerFeePpm: 4294967297 is not/],
  [instrument({ base: 'USDT' }), /^instruments\[0\]\.base and quote are the same asset/],
  [instrument({ base: 'GOLD' }), /^instruments\[0\]\.base: unknown asset GOLD/],
  [instrument({ tick: '-1' }), /^instruments\[0\]\.tick: "-1" is not a decimal number in quotes/],
  [instrument({ tick: 0.01 }), /^instruments\[0\]\.tick: 0\.01 is not a decimal number in quotes/],
  [instrument({ lot: '0' }), /^instruments\[0\]\.lot: '0' must be positive/],
  [instrument({ lot: '0.000000001' }), /^instruments\[0\]\.lot of 0\.000000001 is not a whole number of BTC units/],
  [instrument({ referencePrice: '0' }), /^instruments\[0\]\.referencePrice: '0' is out of range: 0\.01 to 21474836\.46/],
  [instrument({ referencePrice: '0', maxQuantity: '0' }), /maxQuantity: '0' is out of range.*\n.*referencePrice: '0' is out of range/],
  [
    instrument({ percentPrice: { bidUp: '1' } }),
    /percentPrice\.bidDown is missing: the lowest bid.*\n.*askUp is missing.*\n.*askDown is missing/,
  ],
  [
    instrument({ percentPrice: { ...{ bidUp: 'x' }, bidDown: '1', askUp: '1', askDown: '1' } }),
    /^instruments\[0\]\.percentPrice\.bidUp: "x" is not/,
  ],
];

describe('a wrong configuration', () => {
  for (const [config, message] of WRONG) {
    it(JSON.stringify(config).slice(0, 90), () => {
      assert.match(errorsOf(config), message);
    });
  }

  it('is told of at once, whatever is wrong with it', () => {
    const errors = errorsOf({ durability: 'sync', limits: { order: 1 }, sessionRoll: '25:00', assets: [...DEMO_ASSETS, DEMO_ASSETS[0]] });
    assert.match(
      errors,
      /^the configuration has 4 errors:\n {2}durability.*\n {2}limits\.order.*\n {2}sessionRoll.*\n {2}assets\[3\]\.name/,
    );
  });

  it('is refused by a venue inside a program too', async () => {
    const settings = { ...MARKET, port: 0, data: path.join(directory, 'library'), connections: { ...DEFAULTS.connections, unsigend: 5 } };
    await assert.rejects(startVenue(settings), (error) => error instanceof ConfigError && /connections\.unsigend/.test(error.message));
    assert.ok(!fs.existsSync(settings.data));
  });

  it('does not show a secret that stands where its file belongs', () => {
    const secret = 'ab'.repeat(32);
    const errors = errorsOf({ operatorkey: secret, tls: { cert: 5, key: `-----BEGIN PRIVATE KEY-----\n${secret}` } });
    assert.match(errors, /operatorkey/);
    assert.ok(!errors.includes(secret), errors);
  });
});

describe('TLS files', () => {
  const file = (name: string) => path.join(directory, name);
  const generate = (name: string) =>
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost'].concat(
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.pem`),
      ),
      { stdio: 'ignore' },
    );

  it('that are none, cannot be read, or do not belong together are named with their key', () => {
    generate('one');
    generate('two');
    fs.writeFileSync(file('none.pem'), 'nothing');
    assert.equal(errorsOf({ tls: { cert: file('one.pem'), key: file('one.key') } }), '');
    assert.match(
      errorsOf({ tls: { cert: file('none.pem'), key: file('none.pem') } }),
      /tls\.cert: ".*none\.pem" holds no certificate in PEM .*\n {2}tls\.key: ".*none\.pem" holds no private key in PEM/,
    );
    assert.match(errorsOf({ tls: { cert: file('one.pem'), key: file('gone.key') } }), /^tls\.key: ".*gone\.key" cannot be read \(ENOENT/);
    assert.match(
      errorsOf({ tls: { cert: file('one.pem'), key: file('two.key') } }),
      /^tls\.key: ".*two\.key" is not the key of the certificate in tls\.cert/,
    );
  });
});

describe('sources of a configuration', () => {
  const file = path.join(directory, 'venue.json');
  fs.writeFileSync(file, JSON.stringify({ $schema: './config.schema.json', ...MARKET, port: 1, historyMs: 7, limits: { orders: 500 } }));

  it('go over each other key by key: default, file, environment, command line', () => {
    const environment = { OUTCRY_CONFIG_PORT: '2', OUTCRY_CONFIG_LIMITS_ACCOUNTS: '70', OUTCRY_CONFIG_ORIGINS: '["https://desk.example"]' };
    const options = optionsSource({ port: '3', logLevel: 'warn' }, ['limits.assets=9', 'connections.perAddress=12']);
    const { config, origins } = resolve([fileSource(file), environmentSource(environment), options]);
    assert.equal(config.port, 3);
    assert.deepEqual(config.limits, { ...DEFAULTS.limits, orders: 500, accounts: 70, assets: 9 });
    assert.deepEqual(config.connections, { ...DEFAULTS.connections, perAddress: 12 });
    assert.deepEqual(config.origins, ['https://desk.example']);
    const from = (...names: string[]) => names.map((name) => origins.get(name));
    assert.deepEqual(from('port', 'historyMs', 'limits.orders', 'limits.accounts', 'limits.assets', 'limits.instruments', 'logLevel'), [
      'option',
      'file',
      'file',
      'environment',
      'option',
      'default',
      'option',
    ]);
  });

  it('are named where they are wrong, each for what it said', () => {
    const cert = path.join(directory, 'none.pem');
    fs.writeFileSync(cert, 'nothing');
    const own = path.join(directory, 'own.json');
    fs.writeFileSync(own, JSON.stringify({ ...MARKET, tls: { cert } }));
    assert.throws(
      () => resolve([fileSource(own), environmentSource({ OUTCRY_CONFIG_TLS_KEY: cert })]),
      /own\.json: tls\.cert: .*\n {2}OUTCRY_CONFIG_TLS_KEY: tls\.key: /,
    );
    assert.throws(() => resolve([fileSource(own)]), /own\.json: tls\.key is missing/);
  });

  it('say each key once: a file that says one twice is wrong, in the line where it says it again', () => {
    const own = path.join(directory, 'twice.json');
    const market = JSON.stringify(MARKET).slice(1, -1);
    fs.writeFileSync(
      own,
      `{\n  ${market},\n  "limits": { "orders": 5, "accounts": 5 },\n  "port": 1, "connections": { "most": 3 },\n  "port": 2\n}`,
    );
    const message = /twice\.json: "port" is there twice in the same object: again in line 5/;
    assert.throws(() => resolve([fileSource(own)]), message);
    assert.throws(() => readConfig(own), message);
    fs.writeFileSync(own, `{ ${market}, "limits": { "orders": 5,\n"\\u006frders": 6 } }`);
    assert.throws(() => resolve([fileSource(own)]), /"orders" is there twice in the same object: again in line 2/);
  });

  it('are one variable a key, no two keys the same', () => {
    const variables = keysOf(VENUE_SCHEMA).map(variableOf);
    assert.equal(new Set(variables).size, variables.length);
    assert.ok(variables.includes('OUTCRY_CONFIG_CONNECTIONS_PER_ADDRESS'));
    const { values } = environmentSource({ OUTCRY_OPERATOR_KEY_FILE: '/key', OUTCRY_SEED: '5' });
    assert.deepEqual(values, { operatorKeyFile: '/key' });
  });

  it('a file alone says what it says, with the rest of what it says a part of', () => {
    const { $schema: _, ...said } = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
    assert.deepEqual(readConfig(file), { ...said, limits: { ...DEFAULTS.limits, orders: 500 } });
  });
});

it('a misspelt word is taken for the one that it is nearest to, and for none when it is near none', () => {
  assert.equal(nearest('unsigend', ['unsigned', 'most']), 'unsigned');
  assert.equal(nearest('WEIGHTPERMINUTE', ['weightPerMinute']), 'weightPerMinute');
  assert.equal(nearest('nonsense', ['limits', 'port']), undefined);
  assert.equal(nearest('prot', []), undefined);
});

describe('the schema', () => {
  const FULL: Required<VenueConfig> = {
    ...DEFAULTS,
    ...MARKET,
    instruments: [
      { ...ether, icebergParts: 10, maxNotional: '1000000', percentPrice: { bidUp: '5', bidDown: '0.2', askUp: '5', askDown: '0.2' } },
    ],
    schedule: [{ at: '08:00:30', state: 'HALTED', symbol: 'ETHUSDT' }],
    feeTiers: { asset: 'USDT', days: 30, tiers: [{ volume: '100000', makerFeePpm: -50, takerFeePpm: 900 }] },
    engineCpu: 0,
    journalCpu: 1,
    wireCpu: 2,
    grpc: { port: 1 },
    fix: { port: 2 },
    ouch: { port: 3 },
    itch: { lines: [{ group: '239.255.80.1', port: 8086 }], requestPort: 4, glimpsePort: 5 },
    tls: { cert: 'cert.pem', key: 'key.pem' },
    hostNames: ['venue.example'],
    origins: ['https://desk.example'],
    sharedStateFile: 'shared',
    operatorKeyFile: 'key',
    storeFile: 'store',
  };

  /** Every key, those in lists too. */
  function allKeys(schema: Schema): string[] {
    const inner = schema.items ?? schema;
    return Object.entries(inner.properties ?? {}).flatMap(([key, value]) => [key, ...allKeys(value).map((rest) => `${key}.${rest}`)]);
  }

  it('has the keys of the TypeScript type, and their defaults agree with it', () => {
    const keysIn = (value: unknown): string[] =>
      Array.isArray(value)
        ? keysIn(value[0])
        : typeof value === 'object' && value !== null
          ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner).map((rest) => `${key}.${rest}`)])
          : [];
    assert.deepEqual(keysIn(FULL).sort(), allKeys(VENUE_SCHEMA).sort());
    assert.deepEqual(problemsOf(FULL, VENUE_SCHEMA), []);
    assert.deepEqual(problemsOf(DEFAULTS, VENUE_SCHEMA), []);
  });

  it('is checked as JSON Schema is: what TypeBox refuses is refused, and nothing else', () => {
    const junk = [undefined, null, true, 0, -1, 1, 7, 1.5, 64, 1e12, '', 'x', '0.01', '08:00', [], ['x'], [{}], {}, { port: 1 }, { z: 1 }];
    const places: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]) => {
      if (path.length > 0) places.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    walk(FULL, []);
    let refused = 0;
    for (const place of places) {
      for (const value of junk) {
        const changed = JSON.parse(JSON.stringify(FULL)) as Record<string | number, unknown>;
        const holder = place.slice(0, -1).reduce((at, part) => at[part] as Record<string | number, unknown>, changed);
        if (value === undefined && !Array.isArray(holder)) delete holder[place.at(-1)!];
        else holder[place.at(-1)!] = value;
        const isWrong = problemsOf(changed, VENUE_SCHEMA).length > 0;
        assert.equal(isWrong, !Check(VENUE, changed), `${pathName(place)}: ${JSON.stringify(value)}`);
        refused += Number(isWrong);
      }
    }
    assert.ok(refused > places.length * 10, `${refused} of ${places.length * junk.length} refused`);
  });

  it('is published as it is', () => {
    const file = fileURLToPath(new URL('../config.schema.json', import.meta.url));
    const published = JSON.parse(fs.readFileSync(file, 'utf8')) as unknown;
    assert.deepEqual(
      published,
      JSON.parse(JSON.stringify(fileSchema())),
      'write it anew: npx outcry config schema > apps/venue/config.schema.json',
    );
  });

  const manual = fs.readFileSync(fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url)), 'utf8');

  it('has the keys of docs/configuration.md, with the same defaults', () => {
    const rows = manual
      .split('## Rules while it runs')[0]
      .split('\n')
      .filter((line) => /^\| `/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const described = rows.flatMap(([, keys, value]) => [...keys.matchAll(/`([\w.]+)`/g)].map(([, key]) => ({ key, value })));
    assert.deepEqual(new Set(described.map(({ key }) => key.split('.')[0])), new Set(Object.keys(VENUE_SCHEMA.properties!)));
    for (const { key, value } of described) {
      const fallback = (DEFAULTS as unknown as Record<string, unknown>)[key];
      if (key === 'wait' || key === 'ordersPerAccount' || typeof fallback === 'object' || key.includes('.')) continue;
      assert.ok(value.includes(fallback === undefined ? '-' : String(fallback)), `${key}: ${value}, not ${String(fallback)}`);
    }
    for (const key of ['limits', 'rateLimits', 'connections', 'webSockets'] as const) {
      const text = described
        .filter((one) => one.key.split('.')[0] === key)
        .map((one) => `${one.key.split('.')[1] ?? ''}: ${one.value}`)
        .join(' ');
      for (const [inner, value] of Object.entries(DEFAULTS[key])) assert.match(text, new RegExp(`\\b${inner}: ${value}\\b`));
    }
    for (const key of allKeys(VENUE_SCHEMA)) assert.match(manual, new RegExp(`\\b${key.split('.').at(-1)}\\b`), key);
  });

  it('says of every rule of instruments what the venue knows of it', () => {
    const rows = manual.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    for (const [name, { unit, about }] of Object.entries(INSTRUMENT_RULES)) {
      const row = `| ${name} | ${unit} | ${about} |`;
      assert.ok(rows.includes(row), `docs/configuration.md lacks the row ${row}`);
    }
  });

  it('allows every example of docs/configuration.md', () => {
    const examples = [...manual.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text) as Record<string, unknown>);
    assert.ok(examples.length >= 2);
    for (const example of examples) assert.equal(errorsOf('symbol' in example ? { instruments: [example] } : example), '');
  });
});
