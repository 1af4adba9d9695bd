import { order as orderRecord } from '@outcry/book/records';
import { command } from '@outcry/market/command';
import { EVENT, event, IS_HIDDEN, PENDING, RESTING, WAITING } from '@outcry/market/event';
import { details as detailsRecord } from './detail-record.ts';
import type { Engine } from './engine.ts';
import { instrument as instrumentRecord } from './instruments.ts';
import { special, WHERE } from './rules/special-orders.ts';

/**
 * Emits where the engine stands, for a reader that has seen no event yet: every instrument's numbers, every balance that is
 * not zero, every open order in the order of its price's queue. The rolling hash is left as it is.
 */
export function emitState(engine: Engine): void {
  const saved = engine.writer.used();
  for (let number = 0; number < engine.instruments.books.length; number++)
    if (engine.instruments.has(number)) emitInstrument(engine, number);
  for (let account = 0; account < engine.ledger.accounts; account++) {
    for (let asset = 0; asset < engine.ledger.assetCapacity; asset++) {
      if (engine.ledger.available(account, asset) + engine.ledger.held(account, asset) > 0) engine.writer.balance(account, asset);
    }
  }
  const orders = engine.memory.orders.i32;
  const { specials } = engine;
  for (let slot = 1; slot < engine.memory.orders.top; slot++) {
    const at = slot * orderRecord.WORDS;
    if (orders[at + orderRecord.QUANTITY] === 0) continue;
    const record = specials.of(slot);
    const where = record === 0 ? WHERE.DISPLAYED : specials.whereOf(record);
    if (where !== WHERE.DISPLAYED && where !== WHERE.HIDDEN) emitOrder(engine, slot, record, where);
    else if (orders[at + orderRecord.PREVIOUS] === 0) emitQueue(engine, slot);
  }
  engine.writer.restore(saved);
}

function emitInstrument(engine: Engine, number: number): void {
  const { i32, f64 } = engine.output;
  const at = engine.output.claim();
  i32.fill(0, at, at + event.WORDS);
  i32[at + event.HEAD] = EVENT.INSTRUMENT;
  i32[at + event.INSTRUMENT_WORD] = number;
  i32[at + event.PRICE] = engine.instruments.i32[number * instrumentRecord.WORDS + instrumentRecord.LAST_PRICE];
  f64[(at >> 1) + event.F64_SEQUENCE] = engine.sequence;
  f64[(at >> 1) + event.F64_TIME] = engine.writer.time;
  f64[(at >> 1) + event.F64_TRADE] = engine.instruments.f64[number * instrumentRecord.F64_WORDS + instrumentRecord.F64_TRADES];
  f64[(at >> 1) + event.F64_AGGREGATES] = engine.instruments.f64[number * instrumentRecord.F64_WORDS + instrumentRecord.F64_AGGREGATES];
  engine.ruleBook.sessions.emitState(number);
}

function emitQueue(engine: Engine, first: number): void {
  const orders = engine.memory.orders.i32;
  for (let slot = first; slot !== 0; slot = orders[slot * orderRecord.WORDS + orderRecord.NEXT]) {
    const record = engine.specials.of(slot);
    emitOrder(engine, slot, record, record === 0 ? WHERE.DISPLAYED : engine.specials.whereOf(record));
  }
}

function emitOrder(engine: Engine, slot: number, record: number, where: number): void {
  const orders = engine.memory.orders.i32;
  const { details, specials, ruleBook, strategies, writer } = engine;
  const order = slot * orderRecord.WORDS;
  const detail = slot * detailsRecord.WORDS;
  const inBook = where === WHERE.DISPLAYED || where === WHERE.HIDDEN;
  const left = ruleBook.facts.leftOf(slot, record);
  if (record !== 0) emitList(engine, slot, record);
  if (record !== 0) writer.terms(specials.i32, record * special.WORDS);
  const text = details.i32[detail + detailsRecord.TEXT_SLOT];
  if (text !== 0) writer.text(details.texts.i32, text * details.texts.ints, command.TEXT_BYTES / 4);
  writer.orderId(details.ids[slot]);
  if (strategies.has(slot)) {
    const account = orders[order + orderRecord.ACCOUNT];
    writer.notice(EVENT.STRATEGY, 0, 0, account, 0, strategies.typeOf(slot), 0, strategies.numberOf(slot));
  }
  const flags = inBook ? RESTING | (where === WHERE.HIDDEN ? IS_HIDDEN : 0) : WAITING | (where === WHERE.WAITING ? PENDING : 0);
  const price = inBook ? orders[order + orderRecord.PRICE] : ruleBook.facts.holdOf(slot, record);
  const terms = (orders[order + orderRecord.TERMS] >>> 17) & 0x7fff;
  const at = writer.order(EVENT.OPEN_ORDER, flags, terms, slot, price, orders[order + orderRecord.ORIGINAL], left);
  const { i32, f64 } = engine.output;
  i32[at + event.CLIENT_LOW] = details.i32[detail + detailsRecord.CLIENT_LOW];
  i32[at + event.CLIENT_HIGH] = details.i32[detail + detailsRecord.CLIENT_HIGH];
  f64[(at >> 1) + event.F64_TIME] = details.f64[slot * detailsRecord.F64_WORDS + detailsRecord.F64_TIME];
  f64[(at >> 1) + event.F64_AMOUNT] = details.f64[slot * detailsRecord.F64_WORDS + detailsRecord.F64_EXECUTED];
  const shown = orders[order + orderRecord.QUANTITY];
  if (where === WHERE.DISPLAYED && shown !== left) writer.order(EVENT.SHOWN, 0, 0, slot, price, shown, left);
  const generation = orders[order + orderRecord.ID];
  const lots = engine.preventedLots.lots(slot, generation);
  if (lots > 0) writer.fill(EVENT.DECREMENTED, 0, 0, slot, price, lots, left, engine.preventedLots.match(slot, generation), 0);
}

/** The list that an order is of, ahead of each of its orders: a reader knows by its number that it is the same. */
function emitList(engine: Engine, slot: number, record: number): void {
  const { memory, output, ruleBook, specials, writer } = engine;
  const list = specials.i32[record * special.WORDS + special.LIST];
  if (list === 0) return;
  const account = memory.orders.i32[slot * orderRecord.WORDS + orderRecord.ACCOUNT];
  const instrument = memory.orders.i32[slot * orderRecord.WORDS + orderRecord.TERMS] & 0xffff;
  const number = specials.f64[record * special.F64_WORDS + special.F64_LIST];
  const at = writer.notice(EVENT.LIST, 0, instrument, account, 0, ruleBook.lists.typeOf(list), 0, number);
  output.i32[at + event.CLIENT_LOW] = ruleBook.lists.idLowOf(list);
  output.i32[at + event.CLIENT_HIGH] = ruleBook.lists.idHighOf(list);
}
