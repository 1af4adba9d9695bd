import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { DOORS, KINDS } from '../src/demo/faults.ts';
import { checkScenario, findScenario } from '../src/demo/scenario.ts';
import { SETTING_DEFAULTS, STEP_SCHEMAS } from '../src/demo/scenario-schema.ts';
import { SCENARIOS } from '../src/demo/scenarios.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';

const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);

describe('the scenarios that ship', () => {
  for (const name of Object.keys(SCENARIOS)) {
    it(`${name} passes the check that files pass, and says what it is`, () => {
      assert.match(findScenario(name, market).description ?? '', /^[A-Z].*\.$/);
    });
  }
});

describe('a scenario file', () => {
  const steps = (...list: object[]) => ({ steps: list });
  const cases: [unknown, RegExp][] = [
    [[], /\[\] is not an object/],
    [{ descripton: 'x' }, /descripton: there is no such key.*did you mean description\?/],
    [{ loopMs: 5 }, /loopMs: 5 is not a whole number from 1000 to/],
    [{ market: { spread: 0.2 } }, /market\.spread: 0\.2 is not a percentage in quotes/],
    [{ market: { spread: '80%' } }, /market\.spread: "80%" must be at most 50%/],
    [{ steps: {} }, /steps: \{\} is not a list/],
    [steps({ at: -1, do: 'halt' }), /steps\[0\]\.at: -1 is not a whole number/],
    [steps({ do: 'halt' }), /steps\[0\]\.at is missing/],
    [steps({ at: 0, do: 'hlat' }), /steps\[0\]\.do: "hlat" is not one of walk, .*; did you mean halt\?/],
    [steps({ at: 0, do: 'halt', by: '1%' }), /steps\[0\]\.by: there is no such key/],
    [steps({ at: 0, do: 'walk', by: '1%' }), /steps\[0\]\.overMs is missing/],
    [steps({ at: 0, do: 'gap', by: '-100%' }), /steps\[0\]\.by: "-100%" must be above -100%/],
    [steps({ at: 0, do: 'halt', symbol: 'DOGEUSDT' }), /steps\[0\]\.symbol: there is no instrument "DOGEUSDT"; known: BTCUSDT, ETHUSDT/],
    [steps({ at: 0, do: 'cancel', order: 'wall' }), /steps\[0\]\.order: unknown order "wall"/],
    [
      steps({ at: 9, do: 'order', side: 'BUY', value: 5, name: 'a' }, { at: 1, do: 'cancel', order: 'a' }),
      /steps\[1\]\.order: unknown order "a"/,
    ],
    [steps({ at: 0, do: 'order', side: 'BUY' }), /steps\[0\]\.quantity: give either quantity or value/],
    [
      steps({ at: 0, do: 'order', side: 'BUY', value: 1, price: '1', distance: '1%' }),
      /steps\[0\]\.price: give price or distance, not both/,
    ],
    [steps({ at: 0, do: 'order', side: 'BUY', quantity: '1', price: '0.001' }), /steps\[0\]\.price: .*\(instrument BTCUSDT\)/],
    [{ book: [{ side: 'BUY', value: 1 }] }, /book\[0\]\.price: an order of the first book needs/],
    [{ loopMs: 1000, ...steps({ at: 1000, do: 'halt' }) }, /steps\[0\]\.at: 1000 is not below loopMs, 1000/],
  ];
  for (const [values, message] of cases) {
    it(`${JSON.stringify(values)} is refused with its key and value`, () => {
      assert.throws(() => checkScenario('x', values, market, 'x.json: '), message);
    });
  }

  it('is told all that is wrong with it at once', () => {
    const wrong = { loop: 1, market: { orders: -1 }, steps: [{ at: 'x', do: 'halt' }] };
    assert.throws(
      () => checkScenario('x', wrong, market),
      /the scenario has 3 errors:\n {2}loop: .*\n {2}market\.orders: .*\n {2}steps\[0\]\.at: /,
    );
  });

  it('that is not there is taken for a misspelt name', () => {
    assert.throws(() => findScenario('flash-crahs', market), /unknown scenario "flash-crahs"; did you mean flash-crash\?/);
    assert.throws(() => findScenario('./nothing.json', market), /nothing\.json: /);
  });
});

describe('docs/testing-kit.md', () => {
  const page = fs.readFileSync(new URL('../../../docs/testing-kit.md', import.meta.url), 'utf8');
  /** Cells of the rows whose first cell names this. */
  const cells = (name: string) => {
    const row = page.split('\n').find((line) => line.startsWith('| `') && line.split('|')[1].includes(`\`${name}\``));
    assert.ok(row, `it has a row for ${name}`);
    return row.split('|').map((cell) => cell.trim());
  };

  it('has an example that passes the check', () => {
    const [, example] = /```json\n([\s\S]*?)```/.exec(page)!;
    assert.equal(checkScenario('example', JSON.parse(example), market).steps!.length, 6);
  });

  it('has every setting with its default, every action, every scenario that ships, and every fault with its doors', () => {
    for (const [key, value] of Object.entries(SETTING_DEFAULTS)) assert.equal(cells(key)[2].replace(/[`,]/g, ''), String(value), key);
    for (const action of Object.keys(STEP_SCHEMAS)) cells(action);
    for (const name of Object.keys(SCENARIOS)) assert.ok(page.includes(`\`${name}\``), name);
    for (const [kind, { doors }] of Object.entries(KINDS))
      assert.deepEqual(
        DOORS.filter((door) => cells(kind)[2].includes(`\`${door}\``)),
        DOORS.filter((door) => (doors as readonly string[]).includes(door)),
        kind,
      );
  });
});
