/** Writes the engine's events and mixes them into the rolling hash. */
import type { BookMemory } from '@outcry/book/book-memory';
import { order as orderRecord } from '@outcry/book/records';
import type { Ledger } from '@outcry/ledger/ledger';
import { command } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { terms } from '@outcry/market/terms';
import { bytesOf } from '@outcry/memory/span';
import type { EventOutput } from './event-output.ts';
import { decodeText } from './order-details.ts';

const { HEAD, INSTRUMENT_WORD, ACCOUNT, ORDER_SLOT, ORDER_GENERATION, PRICE, QUANTITY, REMAINING, F64_SEQUENCE, F64_TIME } = event;
const { CLIENT_LOW, CLIENT_HIGH, ASSET, F64_TRADE, F64_AMOUNT, F64_AVAILABLE, F64_HELD, F64_ORDER_ID } = event;
const { SHIFT: ORDER, ID: O_GENERATION, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS } = orderRecord;
const { ACCEPTED, REJECTED, BALANCE, APPLIED } = EVENT;

const SEQUENCE = 0;
const TIME = 1;
/** Words that a TEXT event has room for, and a PIECE. */
const TEXT_EVENT_WORDS = event.TEXT_WORDS + event.MORE_TEXT_WORDS;
/** Microseconds that a command may be stamped before the one before it, with time standing still: gateways' threads wait for their turns. */
const STANDS_FOR_US = 10_000_000;

/**
 * Writes events, stamps them with the command's sequence number and time, and keeps a rolling hash over them: engines whose
 * hashes agree have told the same story.
 */
export class EventWriter {
  readonly #output: EventOutput;
  readonly #orders: Int32Array;
  readonly #ledger: Ledger;
  readonly #clock = new Float64Array(2);
  readonly #hash = new Int32Array([0x811c9dc5, 0x01000193]);

  constructor(output: EventOutput, memory: BookMemory, ledger: Ledger) {
    this.#output = output;
    this.#orders = memory.orders.i32;
    this.#ledger = ledger;
  }

  get sequence(): number {
    return this.#clock[SEQUENCE];
  }

  /** Microseconds since 1970 of the latest command. It stands where gateways differ a little, and goes back only when the clock was set back. */
  get time(): number {
    return this.#clock[TIME];
  }

  get hash(): readonly [number, number] {
    return [this.#hash[0], this.#hash[1]];
  }

  /** Counts a command that says nothing by itself. */
  skip(): void {
    this.#clock[SEQUENCE]++;
  }

  begin(time: number): void {
    this.#clock[SEQUENCE]++;
    if (time > this.#clock[TIME] || time < this.#clock[TIME] - STANDS_FOR_US) this.#clock[TIME] = time;
  }

  /** An event about an order whose record still holds its account and terms. Returns its word offset. */
  order(kind: number, flags: number, upper: number, slot: number, price: number, quantity: number, remaining: number): number {
    const order = slot << ORDER;
    const orders = this.#orders;
    const terms = orders[order | O_TERMS];
    const side = (terms >>> 16) & 1;
    const account = orders[order | O_ACCOUNT];
    const at = this.#start(kind | (side << 8) | (flags << 16), (terms & 0xffff) | (upper << 16), account);
    const i32 = this.#output.i32;
    i32[at | ORDER_SLOT] = slot;
    i32[at | ORDER_GENERATION] = orders[order | O_GENERATION];
    i32[at | PRICE] = price;
    i32[at | QUANTITY] = quantity;
    i32[at | REMAINING] = remaining;
    this.#mix(Math.imul(slot, 0x27d4eb2d) ^ Math.imul(price, 0x165667b1), Math.imul(quantity, 0x9e3779b1) ^ remaining ^ (kind << 24));
    return at;
  }

  /** A FILL, with the trade's number and the fee in units; or an AMENDED, with the lots taken off, and what else has these fields. */
  fill(
    kind: number,
    flags: number,
    upper: number,
    slot: number,
    price: number,
    quantity: number,
    remaining: number,
    trade: number,
    amount: number,
  ): void {
    const at = this.order(kind, flags, upper, slot, price, quantity, remaining);
    const f64 = this.#output.f64;
    f64[(at >> 1) | F64_TRADE] = trade;
    f64[(at >> 1) | F64_AMOUNT] = amount;
  }

  accepted(flags: number, slot: number, price: number, quantity: number, low: number, high: number, amount: number): void {
    const terms = this.#orders[(slot << ORDER) | O_TERMS];
    const at = this.order(ACCEPTED, flags, (terms >>> 17) & 0x7fff, slot, price, quantity, quantity);
    const i32 = this.#output.i32;
    i32[at | CLIENT_LOW] = low;
    i32[at | CLIENT_HIGH] = high;
    this.#output.f64[(at >> 1) | F64_AMOUNT] = amount;
  }

  /** @param low @param high what the command named: the client's 64 bits, or the order's slot and generation */
  reject(reason: number, flags: number, side: number, instrument: number, account: number, low: number, high: number): void {
    const at = this.#start(REJECTED | (side << 8) | (flags << 16), instrument | (reason << 16), account);
    const i32 = this.#output.i32;
    i32[at | ORDER_SLOT] = 0;
    i32[at | ORDER_GENERATION] = 0;
    i32[at | PRICE] = 0;
    i32[at | QUANTITY] = 0;
    i32[at | REMAINING] = 0;
    i32[at | CLIENT_LOW] = low;
    i32[at | CLIENT_HIGH] = high;
    this.#mix(reason ^ Math.imul(account, 0x27d4eb2d), low ^ Math.imul(high, 0x9e3779b1) ^ (REJECTED << 24));
  }

  balance(account: number, asset: number): void {
    const at = this.#start(BALANCE, 0, account);
    const { i32, f64 } = this.#output;
    i32[at | ASSET] = asset;
    f64[(at >> 1) | F64_AVAILABLE] = this.#ledger.available(account, asset);
    f64[(at >> 1) | F64_HELD] = this.#ledger.held(account, asset);
    const available = at | (F64_AVAILABLE << 1);
    const held = at | (F64_HELD << 1);
    this.#mix(
      i32[available] ^ Math.imul(i32[available | 1], 0x165667b1) ^ account,
      Math.imul(i32[held], 0x9e3779b1) ^ i32[held | 1] ^ asset,
    );
  }

  /** Terms of the next order that is emitted: words from `from` on, at the offsets of a TERMS record. */
  terms(words: Int32Array, from = 0): void {
    const at = this.#start(EVENT.TERMS, 0, 0);
    const i32 = this.#output.i32;
    for (let word = terms.FLAGS; word <= terms.SESSION; word++) i32[at + word] = words[from + word];
    for (let word = terms.F64_EXPIRY * 2; word < event.WORDS; word++) i32[at + word] = words[from + word];
    for (let word = terms.FLAGS; word <= terms.SESSION; word++) this.#mix(words[from + word], word ^ (EVENT.TERMS << 24));
  }

  /** An instrument's state, an indicative price, an auction, a list: what concerns no single order. */
  notice(
    kind: number,
    side: number,
    instrumentWord: number,
    account: number,
    price: number,
    quantity: number,
    trade: number,
    amount: number,
  ): number {
    const at = this.#start(kind | (side << 8), instrumentWord, account);
    const { i32, f64 } = this.#output;
    i32[at | ORDER_SLOT] = 0;
    i32[at | ORDER_GENERATION] = 0;
    i32[at | PRICE] = price;
    i32[at | QUANTITY] = quantity;
    i32[at | REMAINING] = 0;
    f64[(at >> 1) | F64_TRADE] = trade;
    f64[(at >> 1) | F64_AMOUNT] = amount;
    this.#mix(instrumentWord ^ Math.imul(price, 0x165667b1) ^ (trade | 0), (amount | 0) ^ quantity ^ (kind << 24));
    return at;
  }

  /** A deposit, withdrawal or definition took effect. */
  applied(account: number, asset: number): void {
    const at = this.#start(APPLIED, 0, account);
    this.#output.i32[at | ASSET] = asset;
    this.#mix(account, asset ^ (APPLIED << 24));
  }

  /** The id of the next order that is emitted. It follows from the commands, and is no part of the hash. */
  orderId(id: number): void {
    const at = this.#start(EVENT.ORDER_ID, 0, 0);
    this.#output.f64[(at >> 1) | F64_ORDER_ID] = id;
  }

  /** The text that belongs to the next event. */
  text(words: Int32Array, from: number, count: number): void {
    const at = this.#start(EVENT.TEXT, 0, 0);
    for (let i = 0; i < count; i++) this.#output.i32[at + wordOfText(i)] = words[from + i];
  }

  /** A gateways' record was put or removed. @param words its name and its bytes */
  record(words: Int32Array, nameBytes: number, valueBytes: number): void {
    const count = Math.ceil((nameBytes + Math.max(valueBytes, 0)) / 4);
    for (let from = 0; from < count; from += TEXT_EVENT_WORDS) {
      const at = this.#start(EVENT.PIECE, 0, 0);
      for (let i = 0; i < TEXT_EVENT_WORDS; i++) this.#output.i32[at + wordOfText(i)] = from + i < count ? words[from + i] : 0;
    }
    for (let i = 0; i < count; i++) this.#mix(words[i], i ^ (EVENT.PIECE << 24));
    const at = this.#start(EVENT.RECORD, 0, -1);
    this.#output.i32[at | PRICE] = nameBytes;
    this.#output.i32[at | QUANTITY] = valueBytes;
    this.#mix(nameBytes, valueBytes ^ (EVENT.RECORD << 24));
  }

  /** State for a snapshot: sequence, time and hash. */
  used(): Uint8Array {
    const bytes = new Uint8Array(24);
    bytes.set(new Uint8Array(this.#clock.buffer), 0);
    bytes.set(new Uint8Array(this.#hash.buffer), 16);
    return bytes;
  }

  restore(bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes);
    this.#clock.set(new Float64Array(copy.buffer, 0, 2));
    this.#hash.set(new Int32Array(copy.buffer, 16, 2));
  }

  #start(head: number, instrumentWord: number, account: number): number {
    const at = this.#output.claim();
    const i32 = this.#output.i32;
    i32[at | HEAD] = head;
    i32[at | INSTRUMENT_WORD] = instrumentWord;
    i32[at | ACCOUNT] = account;
    const f64 = this.#output.f64;
    f64[(at >> 1) | F64_SEQUENCE] = this.#clock[SEQUENCE];
    f64[(at >> 1) | F64_TIME] = this.#clock[TIME];
    return at;
  }

  #mix(a: number, b: number): void {
    const hash = this.#hash;
    hash[0] = Math.imul(hash[0] ^ a, 16777619) + b;
    hash[1] = Math.imul(hash[1] ^ b, 0x85ebca6b) + (a >>> 15);
  }
}

/** Where a TEXT event has a word of its text. */
function wordOfText(i: number): number {
  return i < event.TEXT_WORDS ? event.TEXT + i : event.MORE_TEXT + i - event.TEXT_WORDS;
}

/** Adds the bytes of a PIECE event to those before it. */
export function readPiece(i32: Int32Array, at: number, pieces: number[]): void {
  for (let i = 0; i < TEXT_EVENT_WORDS; i++) pieces.push(i32[at + wordOfText(i)]);
}

const textWords = new Int32Array(command.TEXT_BYTES / 4);

/** The text of a TEXT event. */
export function readText(i32: Int32Array, at: number): string {
  for (let i = 0; i < textWords.length; i++) textWords[i] = i32[at + wordOfText(i)];
  return decodeText(bytesOf(textWords));
}
