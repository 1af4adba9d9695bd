/** Price levels outside a book's window, one tree a side. */
import type { SlotPool } from '@outcry/memory/slot-pool';
import { farLevel, level } from './records.ts';

const { WORDS, KEY, LEFT, RIGHT } = farLevel;
const { HEAD, TAIL, F64_TOTAL } = level;

/**
 * One side's price levels outside its book's window: a treap (Seidel and Aragon, 1996) threaded through the level records themselves, so
 * that a far level costs no memory of its own. Insert, remove and find take O(log n) expected.
 *
 * Priorities come from a hash of the key salted by the process, so that nobody can pick prices that unbalance the tree. The
 * shape of the tree never shows in what a book answers.
 */
const SALT = (Math.random() * 0x7fffffff) | 0;

function priority(key: number): number {
  let h = Math.imul(key ^ SALT, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

export class FarLevels {
  readonly #words: Int32Array;
  readonly #f64: Float64Array;
  #root = 0;
  #size = 0;

  constructor(levels: SlotPool) {
    this.#words = levels.i32;
    this.#f64 = levels.f64;
  }

  get size(): number {
    return this.#size;
  }

  find(key: number): number {
    const words = this.#words;
    let node = this.#root;
    while (node !== 0) {
      const nodeKey = words[node * WORDS + KEY];
      if (nodeKey === key) return node;
      node = words[node * WORDS + (key < nodeKey ? LEFT : RIGHT)];
    }
    return 0;
  }

  /** The level with the lowest key that is at least `key`, or 0. */
  atOrAfter(key: number): number {
    const words = this.#words;
    let node = this.#root;
    let found = 0;
    while (node !== 0) {
      if (words[node * WORDS + KEY] >= key) {
        found = node;
        node = words[node * WORDS + LEFT];
      } else node = words[node * WORDS + RIGHT];
    }
    return found;
  }

  /** Adds a level without orders. Its key is not in the tree. */
  insertEmpty(level: number, key: number): void {
    const words = this.#words;
    const at = level * WORDS;
    words[at + KEY] = key;
    words[at + HEAD] = 0;
    words[at + TAIL] = 0;
    this.#f64[(at >> 1) + F64_TOTAL] = 0;
    const rank = priority(key);
    let link = -1; // index of the word that points at `node`; -1: the root
    let node = this.#root;
    while (node !== 0 && priority(words[node * WORDS + KEY]) >= rank) {
      link = node * WORDS + (key < words[node * WORDS + KEY] ? LEFT : RIGHT);
      node = words[link];
    }
    this.#split(node, key, level);
    if (link < 0) this.#root = level;
    else words[link] = level;
    this.#size++;
  }

  remove(level: number): void {
    const words = this.#words;
    const key = words[level * WORDS + KEY];
    let link = -1;
    let node = this.#root;
    while (node !== level) {
      link = node * WORDS + (key < words[node * WORDS + KEY] ? LEFT : RIGHT);
      node = words[link];
    }
    const joined = this.#join(words[level * WORDS + LEFT], words[level * WORDS + RIGHT]);
    if (link < 0) this.#root = joined;
    else words[link] = joined;
    this.#size--;
  }

  /** Hangs the nodes below `node` under `level`: lower keys to its left, higher keys to its right. */
  #split(node: number, key: number, level: number): void {
    const words = this.#words;
    let left = level * WORDS + LEFT;
    let right = level * WORDS + RIGHT;
    while (node !== 0) {
      if (words[node * WORDS + KEY] < key) {
        words[left] = node;
        left = node * WORDS + RIGHT;
        node = words[left];
      } else {
        words[right] = node;
        right = node * WORDS + LEFT;
        node = words[right];
      }
    }
    words[left] = 0;
    words[right] = 0;
  }

  #join(left: number, right: number): number {
    if (left === 0) return right;
    if (right === 0) return left;
    const words = this.#words;
    if (priority(words[left * WORDS + KEY]) >= priority(words[right * WORDS + KEY])) {
      words[left * WORDS + RIGHT] = this.#join(words[left * WORDS + RIGHT], right);
      return left;
    }
    words[right * WORDS + LEFT] = this.#join(left, words[right * WORDS + LEFT]);
    return right;
  }
}
