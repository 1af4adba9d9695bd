/** Plays a stream of operations into an order book. */
import fs from 'node:fs';
import { BookMemory } from '@outcry/book/book-memory';
import { OrderBook } from '@outcry/book/order-book';
import { order, trade } from '@outcry/book/records';
import { MAX_PRICE, type Side } from '@outcry/market/order-terms';
import { i32Of, reserve, u16Of } from '@outcry/memory/span';
import { kindOf, OPERATION, operation, sideByteOf, sideOf, symbolOf } from '@outcry/workload/operation';

const { WORDS: ORDER_WORDS, SHIFT: ORDER_SHIFT, ID: ORDER_ID, QUANTITY: ORDER_QUANTITY, TERMS: ORDER_TERMS } = order;
const { SHIFT: TRADE_SHIFT, MAKER: TRADE_MAKER, PRICE: TRADE_PRICE, QUANTITY: TRADE_QUANTITY } = trade;

const { HEAD, ID, PRICE, QUANTITY, WORDS, BYTES } = operation;
const { LIMIT, IMMEDIATE, MARKET, CANCEL, REPLACE } = OPERATION;

const PIECE = 1024;

/** A stream of operations, checked and ready to play. Ids are dense: `names` leads from them back to the ids of the file. */
export interface OperationStream {
  readonly words: Int32Array;
  readonly count: number;
  readonly symbols: number;
  readonly names: Uint32Array;
}

export interface BookSummary {
  trades: number;
  volume: number;
  bestBid: number | null;
  bestAsk: number | null;
  resting: number;
  tape: string;
}

/** Reads and checks a file of 16-byte operations. Throws an Error that names the record at fault. */
export function readOperations(file: string): OperationStream {
  const bytes = fs.readFileSync(file);
  if (bytes.length === 0 || bytes.length % BYTES !== 0)
    throw new Error(`${file}: ${bytes.length} bytes is not a whole number of 16-byte records`);
  const words = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const count = words.length / WORDS;
  let symbols = 0;
  for (let i = 0; i < count; i++) {
    const at = i * WORDS;
    const op = kindOf(words[at + HEAD]);
    const side = sideByteOf(words[at + HEAD]);
    if (op > REPLACE) throw new Error(`${file}: record ${i}: unknown operation ${op}`);
    if (side > 1) throw new Error(`${file}: record ${i}: unknown side ${side}`);
    if (op !== CANCEL && words[at + QUANTITY] < 1)
      throw new Error(`${file}: record ${i}: quantity ${words[at + QUANTITY]} is not positive`);
    if (op !== CANCEL && op !== MARKET && (words[at + PRICE] < 1 || words[at + PRICE] > MAX_PRICE)) {
      throw new Error(`${file}: record ${i}: price ${words[at + PRICE]} is out of range`);
    }
    symbols = Math.max(symbols, symbolOf(words[at + HEAD]) + 1);
  }
  return { words, count, symbols, names: renumber(words, count) };
}

/** One operation of a stream, taken apart. */
export function operationAt(
  { words }: OperationStream,
  index: number,
): {
  operation: number;
  side: Side;
  id: number;
  price: number;
  quantity: number;
} {
  const at = index * WORDS;
  const head = words[at + HEAD];
  return {
    operation: kindOf(head),
    side: sideOf(head),
    id: words[at + ID],
    price: words[at + PRICE],
    quantity: words[at + QUANTITY],
  };
}

/** Replaces ids by dense ones, so that the player can index by id whatever ids a file uses. */
function renumber(words: Int32Array, count: number): Uint32Array {
  let highest = 0;
  for (let i = 0; i < count; i++) highest = Math.max(highest, words[i * WORDS + ID] >>> 0);
  if (highest <= count * 4) return Uint32Array.from({ length: highest + 1 }, (_, id) => id);
  const dense = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const id = words[i * WORDS + ID] >>> 0;
    let number = dense.get(id);
    if (number === undefined) {
      number = dense.size;
      dense.set(id, number);
    }
    words[i * WORDS + ID] = number;
  }
  return Uint32Array.from(dense.keys());
}

/** Plays operations into fresh books: packages/book alone, no accounts. */
export class BookReplay {
  readonly #stream: OperationStream;
  readonly #memory: BookMemory;
  #books: OrderBook[] = [];
  readonly #slotOf: Int32Array;
  /** Every trade: maker, taker, price, lots; and its symbol. */
  readonly #tape: Int32Array;
  readonly #tapeSymbol: Uint16Array;
  #tapeCount = 0;

  constructor(stream: OperationStream) {
    this.#stream = stream;
    let orders = 1;
    for (let i = 0; i < stream.count; i++) if (kindOf(stream.words[i * WORDS + HEAD]) === LIMIT) orders++;
    this.#memory = new BookMemory(orders, 1 << 16);
    this.#slotOf = i32Of(reserve(stream.names.length * 4));
    // Room for every trade that the stream can cause: each ends its maker or its taker.
    this.#tape = i32Of(reserve(stream.count * 2 * 16));
    this.#tapeSymbol = u16Of(reserve(stream.count * 2 * 2));
    this.reset();
  }

  /** Empties the books. The memory is kept, so that a later run does not pay for its first touch. */
  reset(): void {
    this.#memory.orders.reset();
    this.#memory.farLevels.reset();
    this.#slotOf.fill(0);
    this.#books = Array.from({ length: this.#stream.symbols }, () => new OrderBook(this.#memory));
    this.#tapeCount = 0;
  }

  /**
   * Plays the operations from..to. In pieces: V8 folds constants into a function that is called often, but not into one that is
   * optimized while it runs a long loop.
   */
  play(from: number, to: number): void {
    for (let at = from; at < to; at += PIECE) this.#playPiece(at, Math.min(at + PIECE, to));
  }

  #playPiece(from: number, to: number): void {
    const words = this.#stream.words;
    const books = this.#books;
    for (let i = from; i < to; i++) {
      const at = i << 2;
      const head = words[at];
      const id = words[at | ID];
      const symbol = symbolOf(head);
      const side = sideOf(head);
      const book = books[symbol];
      switch (kindOf(head)) {
        case LIMIT:
          this.#limit(book, id, symbol, side, words[at | PRICE], words[at | QUANTITY]);
          break;
        case IMMEDIATE:
          this.#match(book, id, symbol, side, words[at | PRICE], words[at | QUANTITY]);
          break;
        case MARKET:
          this.#match(book, id, symbol, side, side === 0 ? MAX_PRICE : 1, words[at | QUANTITY]);
          break;
        case CANCEL:
          this.#cancel(book, id, symbol);
          break;
        case REPLACE: {
          const was = this.#cancel(book, id, symbol);
          if (was >= 0) this.#limit(book, id, symbol, was as Side, words[at | PRICE], words[at | QUANTITY]);
        }
      }
    }
  }

  #limit(book: OrderBook, id: number, symbol: number, side: Side, price: number, quantity: number): void {
    const left = this.#match(book, id, symbol, side, price, quantity);
    if (left === 0) return;
    const { orders } = this.#memory;
    const slot = orders.take();
    const at = slot << ORDER_SHIFT;
    orders.i32[at | ORDER_ID] = id;
    orders.i32[at | ORDER_TERMS] = restingWord(symbol, side);
    this.#slotOf[id] = slot;
    book.rest(slot, side, price, left);
  }

  #match(book: OrderBook, id: number, symbol: number, side: Side, price: number, quantity: number): number {
    let left = quantity;
    while (left > 0 && book.crosses(side, price)) {
      left = book.match(side, price, left);
      this.#record(id, symbol);
    }
    return left;
  }

  #cancel(book: OrderBook, id: number, symbol: number): number {
    const slot = this.#slotOf[id];
    const { orders } = this.#memory;
    const at = slot << ORDER_SHIFT;
    const terms = orders.i32[at | ORDER_TERMS];
    if (slot === 0 || orders.i32[at | ORDER_ID] !== id || orders.i32[at | ORDER_QUANTITY] === 0 || symbolOfResting(terms) !== symbol)
      return -1;
    const side = sideOfResting(terms);
    book.remove(slot, side);
    orders.give(slot);
    return side;
  }

  #record(taker: number, symbol: number): void {
    const { trades, tradeCount } = this.#memory;
    const orders = this.#memory.orders.i32;
    const tape = this.#tape;
    for (let i = 0; i < tradeCount; i++) {
      const from = i << TRADE_SHIFT;
      const to = this.#tapeCount << 2;
      tape[to] = orders[(trades[from | TRADE_MAKER] << ORDER_SHIFT) | ORDER_ID];
      tape[to | 1] = taker;
      tape[to | 2] = trades[from | TRADE_PRICE];
      tape[to | 3] = trades[from | TRADE_QUANTITY];
      this.#tapeSymbol[this.#tapeCount++] = symbol;
    }
  }

  /** A book's price levels, best first: bids, then asks. */
  depth(symbol: number): { side: Side; price: number; quantity: number }[] {
    const sides: Side[] = [0, 1];
    return sides.flatMap((side) => this.#books[symbol].depth(side).map(([price, quantity]) => ({ side, price, quantity })));
  }

  /** What the books answer, one summary a symbol: the words of the reference book. */
  summaries(): BookSummary[] {
    const { names } = this.#stream;
    const state = this.#books.map(() => ({ trades: 0, volume: 0, h1: 0x811c9dc5 | 0, h2: 0x01000193 | 0, resting: 0 }));
    for (let i = 0; i < this.#tapeCount; i++) {
      const s = state[this.#tapeSymbol[i]];
      const at = i * 4;
      s.trades++;
      s.volume += this.#tape[at + 3];
      for (let word = 0; word < 4; word++) {
        const value = word < 2 ? names[this.#tape[at + word]] : this.#tape[at + word];
        s.h1 = Math.imul(s.h1 ^ value, 16777619);
        s.h2 = Math.imul(s.h2 ^ ((value + 0x9e3779b9) | 0), 0x85ebca6b);
        s.h2 ^= s.h2 >>> 15;
      }
    }
    const orders = this.#memory.orders.i32;
    for (let slot = 1; slot < this.#memory.orders.top; slot++) {
      if (orders[slot * ORDER_WORDS + ORDER_QUANTITY] > 0) state[symbolOfResting(orders[slot * ORDER_WORDS + ORDER_TERMS])].resting++;
    }
    const hex = (h: number) => (h >>> 0).toString(16).padStart(8, '0');
    return state.map((s, i) => ({
      trades: s.trades,
      volume: s.volume,
      bestBid: this.#books[i].bestBid || null,
      bestAsk: this.#books[i].bestAsk || null,
      resting: s.resting,
      tape: hex(s.h1) + hex(s.h2),
    }));
  }
}

/** What the book keeps with a resting order: its symbol, and its side in the lowest bit. */
function restingWord(symbol: number, side: Side): number {
  return (symbol << 1) | side;
}
function symbolOfResting(word: number): number {
  return word >>> 1;
}
function sideOfResting(word: number): Side {
  return (word & 1) as Side;
}
