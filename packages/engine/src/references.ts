/** References of deposits and withdrawals that were seen. */
import { command } from '@outcry/market/command';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';
import { decodeText } from './order-details.ts';

/** References remembered; the oldest is forgotten for a new one. */
const CAPACITY = 65_536;
/** A transfer of money in or out, 64 bytes: account, kind, asset, amount (f64 2), text from word 6. */
const WORDS = 16;
const ACCOUNT = 0;
const KIND = 1;
const ASSET = 2;
const F64_AMOUNT = 2;
const TEXT = 6;
const TEXT_WORDS = command.TEXT_BYTES / 4;

type Seen = 'new' | 'same' | 'other';

/** References of deposits and withdrawals, so that one that is sent twice takes effect once. */
export class References {
  readonly #span: Span;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #slots = new Map<string, number>();
  #count = 0;

  constructor() {
    this.#span = reserve(CAPACITY * WORDS * 4);
    this.#i32 = i32Of(this.#span);
    this.#f64 = f64Of(this.#span);
  }

  /** Whether an account used a reference before, and for the same. */
  seen(text: Int32Array, account: number, kind: number, asset: number, amount: number): Seen {
    const slot = this.#slots.get(keyOf(account, text));
    if (slot === undefined) return 'new';
    const at = slot * WORDS;
    const isSame = this.#i32[at + KIND] === kind && this.#i32[at + ASSET] === asset && this.#f64[at / 2 + F64_AMOUNT] === amount;
    return isSame ? 'same' : 'other';
  }

  remember(text: Int32Array, account: number, kind: number, asset: number, amount: number): void {
    const slot = this.#count++ % CAPACITY;
    const at = slot * WORDS;
    if (this.#count > CAPACITY) this.#slots.delete(this.#keyAt(slot));
    this.#i32[at + ACCOUNT] = account;
    this.#i32[at + KIND] = kind;
    this.#i32[at + ASSET] = asset;
    this.#f64[at / 2 + F64_AMOUNT] = amount;
    this.#i32.set(text, at + TEXT);
    this.#slots.set(keyOf(account, text), slot);
  }

  used(): Uint8Array[] {
    const slots = Math.min(this.#count, CAPACITY);
    return [bytesOf(new Float64Array([this.#count])), bytesOf(within(this.#span, 0, slots * WORDS * 4))];
  }

  restore([count, records]: readonly Uint8Array[]): void {
    this.#count = new Float64Array(Uint8Array.from(count).buffer)[0];
    bytesOf(this.#span).set(records);
    for (let slot = 0; slot < records.length / (WORDS * 4); slot++) this.#slots.set(this.#keyAt(slot), slot);
  }

  #keyAt(slot: number): string {
    const at = slot * WORDS;
    return keyOf(this.#i32[at + ACCOUNT], this.#i32.subarray(at + TEXT, at + TEXT + TEXT_WORDS));
  }
}

function keyOf(account: number, text: Int32Array): string {
  return `${account} ${decodeText(bytesOf(text))}`;
}
