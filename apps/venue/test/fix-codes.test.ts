/** Every code of every FIX field: accepted as documented, or refused. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type FixField, type FixMessage, fixTime } from '@outcry/wire/fix';
import { FixClient } from './support/fix-client.ts';
import { VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-codes-'));
const config = path.join(folder, 'config.json');
fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 } }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const [BAD_CODE, BAD_FORMAT] = ['5', '6'];
let count = 0;

const LETTERS_TO_Y = 'ABCDEFGHIJKLMNOPQRSTUVWXY';

/** A limit order that stays, with some fields otherwise; undefined: without it. @param more behind them, in this order */
function order(changed: Record<number, string | undefined>, more: FixField[] = []): FixField[] {
  const fields: Record<number, string | undefined> = {
    11: `c${count++}`,
    55: 'BTCUSDT',
    54: '1',
    38: '0.001',
    40: '2',
    44: '50000',
    59: '1',
    60: fixTime(Date.now()),
    ...changed,
  };
  return [...Object.entries(fields).map(([tag, value]) => [Number(tag), value] as const), ...more];
}

/** The group of one party: PartyIDSource, PartyRole, PartySubIDType. */
function party(source: string, role: string, subType: string): FixField[] {
  return [
    [453, '1'],
    [448, 'desk'],
    [447, source],
    [452, role],
    [802, '1'],
    [523, 'trader'],
    [803, subType],
  ];
}

/** The first answer to a request: by its number, or its id. */
async function answer(client: FixClient, type: string, fields: FixField[]): Promise<FixMessage> {
  const from = client.got.length;
  const number = String(client.next);
  const ids = [11, 262, 320].map((tag) => [tag, fields.find(([other]) => other === tag)?.[1]] as const);
  const isAbout = (message: FixMessage) =>
    message.get(45) === number || ids.some(([tag, id]) => id !== undefined && message.get(tag) === String(id));
  client.send(type, fields);
  const find = () => client.got.slice(from).find(isAbout);
  await until(
    () => find() !== undefined,
    () => `an answer to ${type} ${fields.map((field) => field.join('=')).join(' ')}`,
  );
  return find()!;
}

type Verdict = 'taken' | 'refused' | 'no code';

function verdictOf(message: FixMessage, tag: number): Verdict | string {
  const [reason, of] = [message.get(373), message.get(371)];
  if (message.type === '3') return reason === BAD_CODE && of === String(tag) ? 'no code' : `rejected for ${reason} of ${of}`;
  if (message.type === '8') return message.get(150) === '8' ? 'refused' : 'taken';
  if (message.type === 'r') return message.get(531) === '0' ? 'refused' : 'taken';
  if (message.type === 'y') return message.get(560) === '0' ? 'taken' : 'refused';
  return message.type === 'Y' ? 'refused' : 'taken';
}

test('every code of every field is taken as documented, or refused: none is read as another', async () => {
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  const alice = await FixClient.logon(ports.fix, 'ALICE');
  const md = (changed: Record<number, string | undefined>): FixField[] =>
    Object.entries({ 262: `m${count++}`, 263: '0', 264: '1', 265: '1', 266: 'Y', 267: '1', 269: '0', 146: '1', 55: 'BTCUSDT', ...changed })
      .sort(
        ([a], [b]) => [262, 263, 264, 265, 266, 267, 269, 146, 55].indexOf(+a) - [262, 263, 264, 265, 266, 267, 269, 146, 55].indexOf(+b),
      )
      .map(([tag, value]) => [Number(tag), value] as const);
  const fields: { type: string; tag: number; taken: string; known: RegExp; make(code: string): FixField[] }[] = [
    { type: 'D', tag: 54, taken: '12', known: /[1-9A-H]/, make: (code) => order({ 54: code, 44: code === '2' ? '70000' : '50000' }) },
    {
      type: 'D',
      tag: 40,
      taken: '1234',
      known: /[1-9A-MPQRS]/,
      make: (code) => order({ 40: code, 44: '13'.includes(code) ? undefined : '50000', 99: '34'.includes(code) ? '60000' : undefined }),
    },
    {
      type: 'D',
      tag: 59,
      taken: '01234567'.replace('5', ''),
      known: /[0-9A-C]/,
      make: (code) => order({ 59: code, 126: code === '6' ? fixTime(Date.now() + 60_000) : undefined }),
    },
    { type: 'D', tag: 21, taken: '12', known: /[123]/, make: (code) => order({ 21: code }) },
    { type: 'D', tag: 18, taken: '6', known: /[0-9A-Za-o]/, make: (code) => order({ 18: code }) },
    { type: 'D', tag: 528, taken: 'AGIMPRW', known: /[AGIMPRW]/, make: (code) => order({ 528: code }) },
    { type: 'D', tag: 97, taken: 'YN', known: /[YN]/, make: (code) => order({ 97: code }) },
    { type: 'D', tag: 43, taken: 'YN', known: /[YN]/, make: (code) => order({ 43: code, 122: fixTime(Date.now()) }) },
    { type: 'D', tag: 22, taken: `123456789${LETTERS_TO_Y}`, known: /[1-9A-Y]/, make: (code) => order({ 22: code, 48: 'BTCUSDT' }) },
    { type: 'D', tag: 460, taken: '123456789', known: /[1-9]/, make: (code) => order({ 460: code }) },
    { type: 'D', tag: 581, taken: '1234678', known: /[1-4678]/, make: (code) => order({ 581: code }) },
    { type: 'D', tag: 582, taken: '12345', known: /[1-5]/, make: (code) => order({ 582: code }) },
    {
      type: 'D',
      tag: 447,
      taken: `123456789${LETTERS_TO_Y.slice(0, -5)}`,
      known: /[1-9A-T]/,
      make: (code) => order({}, party(code, '3', '1')),
    },
    { type: 'D', tag: 452, taken: '123456789', known: /[1-9]/, make: (code) => order({}, party('D', code, '1')) },
    { type: 'D', tag: 803, taken: '123456789', known: /[1-9]/, make: (code) => order({}, party('D', '3', code)) },
    {
      type: 'q',
      tag: 530,
      taken: '17',
      known: /[1-9AB]/,
      make: (code) => [
        [11, `q${count++}`],
        [530, code],
        [55, code === '1' ? 'ETHUSDT' : undefined],
      ],
    },
    {
      type: 'q',
      tag: 54,
      taken: '12',
      known: /[1-9A-H]/,
      make: (code) => [
        [11, `q${count++}`],
        [530, '1'],
        [55, 'ETHUSDT'],
        [54, code],
      ],
    },
    { type: 'V', tag: 263, taken: '01', known: /[0-2]/, make: (code) => md({ 263: code }) },
    { type: 'V', tag: 265, taken: '01', known: /[01]/, make: (code) => md({ 265: code }) },
    { type: 'V', tag: 266, taken: 'Y', known: /[YN]/, make: (code) => md({ 266: code }) },
    { type: 'V', tag: 269, taken: '012', known: /[0-9A-HJ-Za]/, make: (code) => md({ 269: code }) },
    { type: 'V', tag: 264, taken: '0123456789', known: /[ -~]/, make: (code) => md({ 264: code }) },
    {
      type: 'x',
      tag: 559,
      taken: '4',
      known: /[0-5]/,
      make: (code) => [
        [320, 'x'],
        [559, code],
      ],
    },
  ];
  for (const id of ['nul\0x', '\0', 'a\0', '\x02', 'a\x1f', 'del\x7f']) {
    for (const [type, message] of [
      ['D', order({ 11: id })],
      ['F', order({ 11: 'x', 41: id })],
      [
        'q',
        [
          [11, id],
          [530, '7'],
        ] as FixField[],
      ],
    ] as const) {
      assert.equal(verdictOf(await answer(alice, type, message), 0), `rejected for ${BAD_FORMAT} of ${type === 'F' ? 41 : 11}`);
    }
  }
  for (const { type, tag, taken, known, make } of fields) {
    for (const code of PRINTABLE) {
      if (type === 'V' && tag === 263 && code === '2') continue; // to unsubscribe is not answered
      const message = await answer(alice, type, make(code));
      const verdict = verdictOf(message, tag);
      const expected = taken.includes(code) ? ['taken'] : known.test(code) ? ['refused'] : ['no code'];
      // Orders for an auction are the engine's to refuse; a trigger that would fire at once too.
      if (type === 'D' && ((tag === 59 && '27'.includes(code)) || (tag === 40 && '134'.includes(code)))) expected.push('refused');
      assert.ok(expected.includes(verdict), `${type} ${tag}=${code}: ${verdict}, not ${expected}; ${message.get(58)}`);
      if (verdict === 'taken' && [54].includes(tag) && type === 'D') assert.equal(message.get(tag), code, `${tag}=${code} came back`);
      if (verdict === 'taken' && tag === 59) assert.equal(message.get(59), code);
    }
  }
  // Flags of the session.
  for (const code of PRINTABLE.filter((one) => !'YN'.includes(one))) {
    const rejected = await answer(alice, '4', [
      [123, code],
      [36, 999_999],
    ]);
    assert.deepEqual([rejected.type, rejected.get(371), rejected.get(373)], ['3', '123', BAD_CODE], code);
  }
  await numbers(alice);
  await ignored(alice);
  alice.socket.destroy();
  await venue.close();
});

/** Prices and quantities. */
async function numbers(alice: FixClient): Promise<void> {
  const malformed = ['-', '+1', '1e5', '1E5', '1.', '.5', '1,0', '0x10', 'NaN', 'Infinity', ' 1', '1 ', '1.2.3', '--1', '½', '1_000'];
  const impossible = ['0', '-0', '-1', '0.000000001', '9'.repeat(25), '99999999999', `1.${'0'.repeat(30)}1`, '1.23456789012345678901234'];
  for (const tag of [38, 44, 110, 111, 210, 1138]) {
    for (const value of malformed) {
      const message = await answer(alice, 'D', order({ [tag]: value }));
      assert.deepEqual([message.type, message.get(371), message.get(373)], ['3', String(tag), BAD_FORMAT], `${tag}=${value}`);
    }
    for (const value of impossible) {
      const message = await answer(alice, 'D', order({ [tag]: value }));
      assert.deepEqual([message.type, message.get(150)], ['8', '8'], `${tag}=${value}`);
    }
  }
  const padded = await answer(alice, 'D', order({ 38: '0000.00100', 44: '00050000.00' }));
  assert.deepEqual([padded.get(150), padded.get(38), padded.get(44)], ['0', '0.001', '50000']);
}

/** What means nothing, and what must be so. */
async function ignored(alice: FixClient): Promise<void> {
  const cases: [Record<number, string | undefined>, string][] = [
    [{ 1: 'alice', 15: 'USDT', 58: 'hello', 167: 'CS', 109: 'me' }, 'taken'],
    [{ 1: 'bob' }, '15'],
    [{ 1: 'ALICE' }, '15'],
    [{ 15: 'BTC' }, '11'],
    [{ 15: 'USD' }, '11'],
    [{ 48: 'ETHUSDT' }, '1'],
    [{ 18: '6 1' }, '11'],
    [{ 111: '0.0005', 210: '0.0005' }, 'taken'],
    [{ 111: '0.0005', 210: '0.0004' }, '11'],
    [{ 99: '40000' }, '11'],
    [{ 126: fixTime(Date.now() + 60_000) }, '11'],
    [{ 40: '1' }, '11'],
    [{ 211: '1' }, '11'],
    [{ 152: '10' }, '11'],
    [{ 5001: 'x' }, '11'],
    [{ 59: undefined }, 'taken'],
  ];
  for (const [changed, expected] of cases) {
    const message = await answer(alice, 'D', order(changed));
    const got = message.get(150) === '8' ? message.get(103) : 'taken';
    assert.equal(got, expected, `${JSON.stringify(changed)}: ${message.get(58)}`);
    if ('59' in changed) assert.equal(message.get(59), '0', 'a day order');
  }
  const twice = await answer(alice, 'D', [...order({}), [55, 'ETHUSDT']]);
  assert.deepEqual([twice.get(371), twice.get(373)], ['55', '13']);
  const counted = await answer(alice, 'V', [
    [262, 'n'],
    [263, '0'],
    [264, '1'],
    [267, '2'],
    [269, '0'],
    [146, '1'],
    [55, 'BTCUSDT'],
  ]);
  assert.deepEqual([counted.get(371), counted.get(373)], ['267', '16']);
  const entered = await answer(alice, 'D', order({ 11: 'mine' }));
  assert.equal(entered.get(150), '0');
  for (const wrong of [{ 54: '2' }, { 55: 'ETHUSDT' }, { 37: '1' }, { 1: 'bob' }] as Record<number, string>[]) {
    const fields = { 11: `w${count++}`, 41: 'mine', 55: 'BTCUSDT', 54: '1', ...wrong };
    const refused = await answer(
      alice,
      'F',
      Object.entries(fields).map(([tag, value]) => [Number(tag), value] as const),
    );
    assert.deepEqual([refused.type, refused.get(41)], ['9', 'mine'], JSON.stringify(wrong));
  }
}
