import { command } from '@outcry/market/command';
import { clientBytesOf, openOrder, withClientBytes } from './open-order.ts';
import { SALT, unchain } from './order-chain.ts';

const { WORDS, ACCOUNT, WORD, CLIENT_CHAIN: CHAIN, CLIENT_ID: TEXT } = openOrder;
const TEXT_WORDS = command.TEXT_BYTES / 4;

/** Client order ids of open orders: kept in the records, and found by account and text. */
export class ClientIds {
  readonly #i32: Int32Array;
  readonly #bytes: Buffer;
  /** newest order of each bucket */
  readonly #heads: Int32Array;
  /** an id that is looked for */
  readonly #wanted = Buffer.alloc(command.TEXT_BYTES);
  readonly #wantedWords = new Int32Array(this.#wanted.buffer, this.#wanted.byteOffset, TEXT_WORDS);

  /** @param i32 the records @param heads a word for each bucket: a power of two */
  constructor(i32: Int32Array, heads: Int32Array) {
    this.#i32 = i32;
    this.#bytes = Buffer.from(i32.buffer as ArrayBuffer, i32.byteOffset, i32.byteLength);
    this.#heads = heads;
  }

  /** Gives an order, whose account and word are there, an id. */
  add(slot: number, clientId: string): void {
    const at = slot * WORDS;
    const words = this.#i32;
    words.fill(0, at + TEXT, at + TEXT + TEXT_WORDS);
    const bytes = this.#bytes.write(clientId, (slot * WORDS + TEXT) * 4, command.TEXT_BYTES, 'utf8');
    words[at + WORD] = withClientBytes(words[at + WORD], bytes);
    const bucket = this.#bucket(words[at + ACCOUNT], words, at + TEXT);
    words[at + CHAIN] = this.#heads[bucket];
    this.#heads[bucket] = slot;
  }

  /** Forgets the id of an order that has one. */
  remove(slot: number): void {
    const at = slot * WORDS;
    const words = this.#i32;
    unchain(this.#heads, this.#bucket(words[at + ACCOUNT], words, at + TEXT), slot, words, CHAIN);
  }

  /** The slot of an account's order, 0: there is none. */
  find(account: number, clientId: string): number {
    if (clientId === '' || Buffer.byteLength(clientId) > command.TEXT_BYTES) return 0;
    this.#wanted.fill(0);
    this.#wanted.write(clientId);
    let slot = this.#heads[this.#bucket(account, this.#wantedWords, 0)];
    while (slot !== 0 && !(this.#i32[slot * WORDS + ACCOUNT] === account && this.#isWanted(slot))) slot = this.#i32[slot * WORDS + CHAIN];
    return slot;
  }

  /** An order's id, '': it has none. */
  of(slot: number): string {
    const text = (slot * WORDS + TEXT) * 4;
    const bytes = clientBytesOf(this.#i32[slot * WORDS + WORD]);
    return bytes === 0 ? '' : this.#bytes.toString('utf8', text, text + bytes);
  }

  #isWanted(slot: number): boolean {
    for (let i = 0; i < TEXT_WORDS; i++) if (this.#i32[slot * WORDS + TEXT + i] !== this.#wantedWords[i]) return false;
    return true;
  }

  #bucket(account: number, words: Int32Array, from: number): number {
    let h = SALT ^ Math.imul(account, 0x27d4eb2d);
    for (let i = 0; i < TEXT_WORDS; i++) {
      h = Math.imul(h ^ words[from + i], 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h, 0x85ebca6b);
    return (h ^ (h >>> 13)) & (this.#heads.length - 1);
  }
}
