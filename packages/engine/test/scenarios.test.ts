import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { LIST_TYPE } from '@outcry/market/command';
import { BUY, type OrderKind, SELL, type TimeInForce } from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { PERMISSION, TRADING_STATE } from '@outcry/market/states';
import { ReferenceVenue } from './reference/reference-venue.ts';
import type { OrderSpec, SpecialTerms, VenueCommand } from './reference/types.ts';
import { Player } from './support/player.ts';

/** Plays the tables of scenarios/scenarios.md on the engine and on the reference venue. */

const STEP = 1000;
const LIMITS = { orders: 100, accounts: 8, assets: 4, instruments: 2 };
const STATES: Record<string, number> = {
  'pre-open': TRADING_STATE.PRE_OPEN,
  continuous: TRADING_STATE.CONTINUOUS,
  halted: TRADING_STATE.HALTED,
  closed: TRADING_STATE.CLOSED,
};
const TIMES: Record<string, TimeInForce> = { ioc: 1, fok: 2, gtd: 3, day: 4, 'at-open': 5, 'at-close': 6 };
const STP: Record<string, number> = { 'stp-taker': 1, 'stp-maker': 2, 'stp-both': 3, 'stp-decrement': 4 };
const PEGS: Record<string, number> = { primary: 1, market: 2, mid: 3 };

const accountOf = (letter: string) => 'ABCD'.indexOf(letter);

/** An order as a trader writes it. @param now microseconds */
function readOrder(text: string, now: number): OrderSpec {
  const match = /^([A-D]) (buys|sells) (\d+)(?: at (\d+))?(.*)$/.exec(text.trim());
  assert.ok(match, `an order: ${text}`);
  const [, who, verb, quantity, price, rest] = match;
  const terms: SpecialTerms = {};
  const order: OrderSpec = {
    account: accountOf(who),
    instrument: 0,
    side: verb === 'buys' ? BUY : SELL,
    kind: 0,
    timeInForce: 0,
    postOnly: false,
    price: Number(price ?? 0),
    quantity: Number(quantity),
    amount: 0,
    client: 0,
  };
  const words = rest.trim().split(/\s+/).filter(Boolean);
  const next = () => Number(words.shift());
  while (words.length > 0) {
    const word = words.shift()!;
    if (word in TIMES) {
      order.timeInForce = TIMES[word];
      if (word === 'gtd') terms.expiry = now + next() * STEP + 1;
    } else if (word in STP) terms.selfTrade = STP[word];
    else if (word === 'post-only') order.postOnly = true;
    else if (word === 'slide') terms.slide = true;
    else if (word === 'hidden') terms.hidden = true;
    else if (word === 'display') terms.display = next();
    else if (word === 'min') terms.minQuantity = next();
    else if (word === 'market') order.kind = 1 as OrderKind;
    else if (word === 'market-to-limit') order.kind = 3 as OrderKind;
    else if (word === 'peg') terms.peg = PEGS[words.shift()!];
    else if (word === 'peg-once') Object.assign(terms, { peg: PEGS[words.shift()!], pegOnce: true });
    else if (word === 'stop' || word === 'take-profit') {
      terms.trigger = word === 'stop' ? 1 : 2;
      if (/^\d+$/.test(words[0] ?? '')) terms.stopPrice = next();
    } else if (word === 'trail') Object.assign(terms, { trailUnit: 1, trail: next() });
    else assert.fail(`what is '${word}'?`);
  }
  if (order.kind === 0 && price === undefined && terms.trigger !== undefined) order.kind = 1 as OrderKind;
  return Object.keys(terms).length > 0 ? { ...order, terms } : order;
}

function rule(number: number, value: number): VenueCommand {
  return { kind: 'rule', instrument: 0, rule: number, value };
}

function readCommand(text: string, now: number): VenueCommand {
  const [first, second, third] = text.split(' ');
  const number = Number(/(\d+)%?$/.exec(text)?.[1] ?? 0);
  if (/^(oco|oto|otoco):/.test(text)) {
    const [name, legs] = text.split(/: (.*)/s);
    const type = LIST_TYPE[name.toUpperCase() as keyof typeof LIST_TYPE];
    return { kind: 'list', type, legs: legs.split(',').map((leg) => readOrder(leg, now)) };
  }
  if (/^[A-D] (buys|sells)/.test(text)) return { kind: 'order', order: readOrder(text, now) };
  if (/^[A-D] cancels #/.test(text)) return { kind: 'cancel', account: accountOf(first), instrument: 0, order: Number(third.slice(1)) };
  if (/^[A-D] may have \d+ open orders$/.test(text))
    return {
      kind: 'accountRule',
      account: accountOf(first),
      rule: ACCOUNT_RULE.MAX_OPEN_ORDERS,
      asset: 0,
      value: Number(/\d+/.exec(text)![0]),
    };
  if (/^[A-D] is cancel-only$/.test(text))
    return { kind: 'accountRule', account: accountOf(first), rule: ACCOUNT_RULE.STATUS, asset: 0, value: PERMISSION.CANCEL_ONLY };
  if (text.startsWith('mass cancel of '))
    return { kind: 'massCancel', account: accountOf(text.at(-1)!), instrument: -1, side: -1, session: -1 };
  if (text === 'clock') return { kind: 'clock' };
  if (first === 'state') return { kind: 'state', instrument: 0, state: STATES[second], reference: 0 };
  if (first === 'reference') return rule(INSTRUMENT_RULE.REFERENCE_PRICE, number);
  if (first === 'static') return rule(INSTRUMENT_RULE.STATIC_BAND, number * 10_000);
  if (first === 'dynamic') return rule(INSTRUMENT_RULE.DYNAMIC_BAND, number * 10_000);
  if (first === 'volatility') return rule(INSTRUMENT_RULE.VOLATILITY_AUCTION, number * STEP);
  if (first === 'fifo') return rule(INSTRUMENT_RULE.FIFO_SHARE, number);
  if (first === 'top') return rule(INSTRUMENT_RULE.TOP_SHARE, number);
  return assert.fail(`what is '${text}'?`);
}

/** What the venue told, in a trader's words. Orders of the command itself go without their number. */
function inWords(lines: readonly string[]): string {
  const accepted = lines.filter((line) => line.startsWith('accepted'));
  const own = accepted.length === 1 ? /#\d+/.exec(accepted[0])![0] : '';
  const who = (id: string) => (id === own ? '' : `${id} `);
  const words: string[] = [];
  lines.forEach((line, i) => {
    const [kind, id, ...rest] = line.split(' ');
    if (kind === 'accepted') {
      if (line.endsWith('resting')) words.push(`${who(id)}rests at ${rest[0]}`);
      if (line.endsWith('waiting')) words.push(`${who(id)}waits`);
    } else if (kind === 'rested') {
      words.push(`${who(id)}rests at ${rest[0]}${line.endsWith('hidden') ? ', hidden' : ''}`);
    } else if (kind === 'rejected') words.push(`refused ${id}`);
    else if (kind === 'fill' && rest[0] === 'maker') {
      const [, taker] = lines[i + 1].split(' ');
      const [, price, , lots] = rest;
      words.push(
        line.includes('auction')
          ? `trades ${lots} at ${price} between ${id} and ${taker}`
          : `${who(taker)}trades ${lots} at ${price} with ${id}`,
      );
    } else if (kind === 'cancelled') words.push(`${who(id)}ends ${rest[0]} ${rest[1]}`);
    else if (kind === 'triggered') words.push(`${id} triggers`);
    else if (kind === 'amended' && id !== own) words.push(`${id} shrinks to ${rest[1]}`);
    else if (kind === 'shown') words.push(rest[1] === '0' ? `${id} moves to ${rest[0]}` : `${id} shows ${rest[1]} of ${rest[3]}`);
    else if (kind === 'state') words.push(`state ${rest[0]}`);
    else if (kind === 'indicative' || kind === 'auction') words.push(`${kind} ${rest[0]} for ${rest[1]}`);
  });
  return words.join('; ') || '-';
}

interface Scenario {
  name: string;
  rows: [does: string, emitted: string][];
}

function readScenarios(): Scenario[] {
  const text = fs.readFileSync(new URL('./scenarios/scenarios.md', import.meta.url), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [name, ...lines] = section.split('\n');
      const rows = lines.filter((line) => line.startsWith('|')).slice(2);
      return {
        name: name.trim(),
        rows: rows.map(
          (row) =>
            row
              .split('|')
              .slice(1, 3)
              .map((cell) => cell.trim()) as [string, string],
        ),
      };
    });
}

describe('scenarios', () => {
  for (const { name, rows } of readScenarios()) {
    it(name, () => {
      const player = new Player(LIMITS);
      const reference = new ReferenceVenue(LIMITS.orders);
      for (const asset of [0, 1]) player.defineAsset(asset);
      player.defineInstrument(0, 0, 1, 1, 1, 0, 0);
      reference.addInstrument(0, 1, 1, 1, 0, 0);
      let now = 1_000_000;
      for (let account = 0; account < 4; account++) {
        player.openAccount(account);
        reference.addAccount();
        for (const asset of [0, 1]) {
          const deposit: VenueCommand = { kind: 'deposit', account, asset, amount: 1_000_000, reference: '' };
          player.play(deposit, now);
          reference.apply(deposit, now);
        }
      }
      assert.ok(rows.length > 0, 'the table has lines');
      for (const [does, emitted] of rows) {
        const command = readCommand(does, now);
        now += STEP;
        assert.equal(inWords(player.play(command, now)), emitted, `engine: ${does}`);
        assert.equal(inWords(reference.apply(command, now)), emitted, `reference: ${does}`);
      }
    });
  }
});
