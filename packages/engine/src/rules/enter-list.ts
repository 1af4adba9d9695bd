import { command as commandRecord, LIST_TYPE } from '@outcry/market/command';
import { instrumentOf } from '@outcry/market/command-head';
import { EVENT, event } from '@outcry/market/event';
import { AT_CLOSE, AT_OPEN, FOK, IOC, LIMIT, MARKET_BY_AMOUNT, MARKET_TO_LIMIT } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import type { Engine } from '../engine.ts';
import type { StagedLeg } from '../staged.ts';
import type { Entry } from './entry.ts';

const { INSTRUMENT_WORD, ACCOUNT, LIST_TYPE: TYPE, CLIENT_LOW, CLIENT_HIGH } = commandRecord;

/** Enters the orders staged before it as one list, or none of them: docs/rules.md, "Order lists". */
export function enterList(engine: Engine, i32: Int32Array, at: number): void {
  const { staged, writer } = engine;
  const type = i32[at + TYPE];
  const account = i32[at + ACCOUNT];
  const instrument = instrumentOf(i32[at + INSTRUMENT_WORD]);
  const legs = [...staged.legs];
  const reason = check(engine, type, account, instrument, legs);
  if (reason !== REASON.NONE) {
    writer.reject(reason, 0, 0, instrument, account, i32[at + CLIENT_LOW], i32[at + CLIENT_HIGH]);
    return;
  }
  const { text } = staged;
  if (text !== undefined) writer.text(text, 0, text.length);
  const emitted = writer.notice(EVENT.LIST, 0, instrument, account, 0, type, 0, writer.sequence);
  engine.output.i32[emitted + event.CLIENT_LOW] = i32[at + CLIENT_LOW];
  engine.output.i32[emitted + event.CLIENT_HIGH] = i32[at + CLIENT_HIGH];
  enter(engine, engine.ruleBook.lists.create(type, i32[at + CLIENT_LOW], i32[at + CLIENT_HIGH], account, instrument), type, legs);
}

/** @param list in OrderLists */
function enter(engine: Engine, list: number, type: number, legs: readonly StagedLeg[]): void {
  const { ruleBook, specials, taker, writer } = engine;
  const slots = legs.map(({ entry, text }, i) => {
    entry.join(i + 1, writer.sequence);
    const record = ruleBook.create(entry, text, list, i + 1, waits(type, i));
    ruleBook.lists.add(list, i + 1, taker.slot);
    if (waits(type, i)) ruleBook.waiting.letWait(record);
    return taker.slot;
  });
  if (type === LIST_TYPE.OCO) {
    const [first, second] = slots.map((slot) => specials.of(slot));
    const later = ruleBook.facts.isSecond(first, second) ? 0 : 1;
    legs[later].entry.need = Math.max(0, legs[later].entry.need - legs[1 - later].entry.need);
    ruleBook.waiting.holdBeyond(specials.of(slots[later]), legs[later].entry.need);
  }
  legs.forEach(({ entry }, i) => {
    if (waits(type, i) || !specials.isOpen(specials.of(slots[i]))) return;
    ruleBook.loadTaker(slots[i], specials.of(slots[i]));
    ruleBook.start(entry);
  });
}

/** Whether an order of a list waits for the first one. */
function waits(type: number, index: number): boolean {
  return type !== LIST_TYPE.OCO && index > 0;
}

function check(engine: Engine, type: number, account: number, instrument: number, legs: readonly StagedLeg[]): number {
  const entries = legs.map(({ entry }) => entry);
  const count = type === LIST_TYPE.OTOCO ? 3 : 2;
  const isKnown = type === LIST_TYPE.OCO || type === LIST_TYPE.OTO || type === LIST_TYPE.OTOCO;
  if (!isKnown || engine.staged.overflown || entries.length !== count) return REASON.INVALID_TERMS;
  if (entries.some((e) => e.account !== account || e.instrument !== instrument || !mayBeLeg(e))) return REASON.INVALID_TERMS;
  if (type !== LIST_TYPE.OCO && (entries[0].kind !== LIMIT || entries[0].hasTrigger)) return REASON.INVALID_TERMS;
  if (type !== LIST_TYPE.OTO && !isPair(entries[count - 2], entries[count - 1])) return REASON.INVALID_TERMS;
  for (let i = 0; i < count; i++) {
    const reason = engine.ruleBook.controls.check(entries[i], waits(type, i), entries.slice(0, i));
    if (reason !== REASON.NONE) return reason;
  }
  if (engine.ruleBook.controls.hasTooManyLists(entries[0])) return REASON.TOO_MANY_LISTS;
  const named = entries.filter((e) => (e.low | e.high) !== 0);
  if (new Set(named.map((e) => `${e.low} ${e.high}`)).size < named.length) return REASON.DUPLICATE_CLIENT_ID;
  return REASON.NONE;
}

function mayBeLeg(e: Entry): boolean {
  return e.timeInForce !== AT_OPEN && e.timeInForce !== AT_CLOSE && e.kind !== MARKET_TO_LIMIT && e.kind !== MARKET_BY_AMOUNT && !e.follows;
}

function isPair(a: Entry, b: Entry): boolean {
  const fits = (e: Entry) => e.hasTrigger || (e.kind === LIMIT && e.postOnly && e.timeInForce !== IOC && e.timeInForce !== FOK);
  return a.side === b.side && a.quantity === b.quantity && (a.hasTrigger || b.hasTrigger) && fits(a) && fits(b);
}
