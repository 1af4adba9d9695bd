/** Seeded random numbers: the one generator of the simulator, the benchmarks, the demo and the tests. */

const TO_UNIT = 1 / 0x1_0000_0000;

/**
 * Numbers that depend on the seed alone: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018;
 * https://prng.di.unimi.it), period 2^128 - 1. splitmix32 spreads the seed over its state, so that neighbouring seeds have nothing in
 * common. Not for secrets.
 */
export class Random {
  readonly #state = new Int32Array(4);

  /** @param seed its low 32 bits count */
  constructor(seed: number) {
    let z = seed | 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) | 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.#state[i] = t ^ (t >>> 15);
    }
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    const s = this.#state;
    const five = Math.imul(s[1], 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result >>> 0;
  }

  /** A number from 0 to below 1, of 32 bits. */
  fraction(): number {
    return this.next() * TO_UNIT;
  }

  /** A whole number from 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor(this.fraction() * n);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether something happens that happens in this share of cases. */
  chance(share: number): boolean {
    return this.fraction() < share;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}
