/** Numbers that something happened to since they were last worked off: each once, in the order in which they were first noted. */
export class Noted {
  readonly #numbers: number[] = [];
  readonly #isNoted: Uint8Array;

  /** @param isNoted zeroed memory with a byte for each number that there may be */
  constructor(isNoted: Uint8Array) {
    this.#isNoted = isNoted;
  }

  /** Returns whether it is the first one since the last {@link workOff}. */
  note(number: number): boolean {
    if (this.#isNoted[number] !== 0) return false;
    this.#isNoted[number] = 1;
    return this.#numbers.push(number) === 1;
  }

  workOff(work: (number: number) => void): void {
    for (const number of this.#numbers) {
      this.#isNoted[number] = 0;
      work(number);
    }
    this.#numbers.length = 0;
  }
}
