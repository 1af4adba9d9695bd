// Decodes a generated day of ITCH, and builds its books; writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import { ItchBook } from '@outcry/feed/itch-book';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import * as wire from '@outcry/wire/itch';
import { type Flyweight, letter, type MessageType } from '@outcry/wire/layout';
import { ItchDay } from '@outcry/workload/itch-day';

raiseInliningBudget();
const [count, runs] = process.argv.slice(2).map(Number);
if (process.argv[2] === 'load') process.exit();

const bytes = new Uint8Array(count * 40 + 16 * 1024 * 1024);
const view = new DataView(bytes.buffer);
let end = 0;
let messages = 0;
const kinds = new Map<string, number>();
new ItchDay({ seed: 7, instruments: 8000, messages: count }, (from, length) => {
  view.setUint16(end, length);
  for (let i = 0; i < length; i++) bytes[end + 2 + i] = from.getUint8(i);
  end += 2 + length;
  messages++;
  const type = String.fromCharCode(from.getUint8(0));
  kinds.set(type, (kinds.get(type) ?? 0) + 1);
}).run();

const add = new wire.addOrder.View();
const addMpid = new wire.addOrderMpid.View();
const executed = new wire.orderExecuted.View();
const executedPrice = new wire.orderExecutedPrice.View();
const cancel = new wire.orderCancel.View();
const remove = new wire.orderDelete.View();
const replace = new wire.orderReplace.View();
const trade = new wire.trade.View();
const noii = new wire.imbalance.View();
const cross = new wire.crossTrade.View();

/** Text fields as the eight bytes that they are. */
function stockAt(at: number): number {
  return (view.getUint32(at) ^ view.getUint32(at + 4)) >>> 0;
}

/** Reads every field of every message. Returns a sum over them. */
function decode(): number {
  let sum = 0;
  for (let at = 0; at < end; ) {
    const length = view.getUint16(at);
    at += 2;
    switch (bytes[at]) {
      case 0x41:
        add.wrap(view, at);
        sum += add.locate + add.tracking + add.timestamp + add.reference + add.side + add.shares + stockAt(at + 24) + add.price;
        break;
      case 0x44:
        remove.wrap(view, at);
        sum += remove.locate + remove.tracking + remove.timestamp + remove.reference;
        break;
      case 0x55:
        replace.wrap(view, at);
        sum +=
          replace.locate + replace.tracking + replace.timestamp + replace.reference + replace.newReference + replace.shares + replace.price;
        break;
      case 0x45:
        executed.wrap(view, at);
        sum += executed.locate + executed.tracking + executed.timestamp + executed.reference + executed.shares + executed.match;
        break;
      case 0x58:
        cancel.wrap(view, at);
        sum += cancel.locate + cancel.tracking + cancel.timestamp + cancel.reference + cancel.shares;
        break;
      case 0x46:
        addMpid.wrap(view, at);
        sum += addMpid.locate + addMpid.tracking + addMpid.timestamp + addMpid.reference + addMpid.side + addMpid.shares;
        sum += stockAt(at + 24) + addMpid.price + view.getUint32(at + 36);
        break;
      case 0x43:
        executedPrice.wrap(view, at);
        sum += executedPrice.locate + executedPrice.tracking + executedPrice.timestamp + executedPrice.reference + executedPrice.shares;
        sum += executedPrice.match + executedPrice.printable + executedPrice.price;
        break;
      case 0x50:
        trade.wrap(view, at);
        sum += trade.locate + trade.tracking + trade.timestamp + trade.reference + trade.side + trade.shares + stockAt(at + 24);
        sum += trade.price + trade.match;
        break;
      case 0x49:
        noii.wrap(view, at);
        sum += noii.locate + noii.tracking + noii.timestamp + noii.paired + noii.imbalance + noii.direction + stockAt(at + 28);
        sum += noii.farPrice + noii.nearPrice + noii.referencePrice + noii.crossType + noii.variation;
        break;
      case 0x51:
        cross.wrap(view, at);
        sum +=
          cross.locate + cross.tracking + cross.timestamp + cross.shares + stockAt(at + 19) + cross.price + cross.match + cross.crossType;
        break;
      default:
        sum += rest(at);
    }
    at += length;
  }
  return sum;
}

/** The messages of which a day has few: by their tables. */
function rest(at: number): number {
  const type = wire.itch.of(bytes[at])!;
  let readers = generic.get(type);
  if (readers === undefined) {
    const flyweight = new type.View() as unknown as Flyweight & Record<string, number>;
    const numbers = Object.entries(type.fields).filter(([, field]) => field === letter || typeof field.get(view, 0) === 'number');
    readers = { flyweight, names: numbers.map(([name]) => name), texts: Object.keys(type.fields).length - numbers.length, at: 11 };
    generic.set(type, readers);
  }
  readers.flyweight.wrap(view, at);
  let sum = readers.texts > 0 ? stockAt(at + readers.at) : 0;
  for (const name of readers.names) sum += readers.flyweight[name];
  return sum;
}
const generic = new Map<MessageType, { flyweight: Flyweight & Record<string, number>; names: string[]; texts: number; at: number }>();

function time(work: () => void): number {
  const started = performance.now();
  work();
  return messages / ((performance.now() - started) / 1000);
}

const decodeRates: number[] = [];
let sum = 0;
for (let i = -2; i < runs; i++) {
  let now = 0;
  const rate = time(() => {
    now = decode();
  });
  if (i > -2 && now !== sum) throw new Error('two runs decoded differently');
  sum = now;
  if (i >= 0) decodeRates.push(rate);
}
const bookRates: number[] = [];
const book = new ItchBook();
for (let i = -1; i < runs; i++) {
  book.clear();
  book.unknown = 0;
  const rate = time(() => {
    for (let at = 0; at < end; ) {
      const length = view.getUint16(at);
      book.apply(view, at + 2);
      at += 2 + length;
    }
  });
  if (book.unknown !== 0 || book.orderCount !== 0)
    throw new Error(`${book.unknown} unknown orders, ${book.orderCount} left at the end of the day`);
  if (i >= 0) bookRates.push(rate);
}
fs.writeSync(3, JSON.stringify({ messages, bytes: end, kinds: Object.fromEntries(kinds), decodeRates, bookRates }));
