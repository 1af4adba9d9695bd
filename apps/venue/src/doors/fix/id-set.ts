/** A compact set of the ClOrdIDs that were used. */

/** Which ClOrdIDs were used: a set of hashes that is small and does not shrink. */
const SHARDS = 256;
const FEWEST_SLOTS = 16;

/** A table of 63-bit hashes, two words each; 0 and 0 is a free slot. */
interface Shard {
  words: Int32Array;
  count: number;
}

/**
 * A set of texts, as 63 bits of each: 11 to 21 bytes a text. It only grows, shard by shard, so that no call does more than move a
 * 256th of it. Two texts are taken for one at a chance of their number in 2^63.
 */
export class IdSet {
  readonly #shards: (Shard | undefined)[] = new Array(SHARDS);
  readonly #hash: (text: string) => [low: number, high: number];
  size = 0;

  constructor(hash: (text: string) => [low: number, high: number]) {
    this.#hash = hash;
  }

  has(text: string): boolean {
    const [low, high] = this.#hash(text);
    const shard = this.#shards[shardOf(low, high)];
    return shard !== undefined && isThere(shard, low, high);
  }

  /** Returns whether it is new. */
  add(text: string): boolean {
    const [low, high] = this.#hash(text);
    const number = shardOf(low, high);
    let shard = this.#shards[number];
    if (shard === undefined) {
      shard = { words: new Int32Array(FEWEST_SLOTS * 2), count: 0 };
      this.#shards[number] = shard;
    }
    if (isThere(shard, low, high)) return false;
    if (shard.count * 8 >= shard.words.length * 3) shard.words = doubled(shard.words); // three quarters are in use
    const at = place(shard.words, low, high);
    shard.words[at] = low;
    shard.words[at + 1] = high;
    shard.count++;
    this.size++;
    return true;
  }
}

function isThere({ words }: Shard, low: number, high: number): boolean {
  const at = place(words, low, high);
  return words[at] === low && words[at + 1] === high;
}

/** Mixes both words, so that texts which are alike spread. */
function mix(low: number, high: number): number {
  let h = Math.imul(low ^ (high >>> 15), 0x2c1b3c6d) ^ high;
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return h ^ (h >>> 15);
}

function shardOf(low: number, high: number): number {
  return mix(low, high) >>> 24;
}

/** Where a hash is, or would be: the first slot from its own on that holds it or is free. */
function place(words: Int32Array, low: number, high: number): number {
  const mask = words.length - 2;
  let at = (mix(low, high) << 1) & mask;
  while ((words[at] !== low || words[at + 1] !== high) && (words[at] !== 0 || words[at + 1] !== 0)) at = (at + 2) & mask;
  return at;
}

function doubled(words: Int32Array): Int32Array {
  const larger = new Int32Array(words.length * 2);
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === 0 && words[i + 1] === 0) continue;
    const at = place(larger, words[i], words[i + 1]);
    larger[at] = words[i];
    larger[at + 1] = words[i + 1];
  }
  return larger;
}
