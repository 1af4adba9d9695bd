/** FIX messages that wait behind a gap. */

/** Messages, and their bytes, that may wait behind a gap. */
const MOST_MESSAGES = 4096;
const MOST_BYTES = 4 * 1024 * 1024;

/** Messages that came before others with lower numbers, by their numbers. What does not fit is dropped: it is asked for again when its turn comes. */
export class WaitingMessages {
  readonly #texts = new Map<number, string>();
  #bytes = 0;
  /** the highest number that was seen, kept or not */
  #highest = 0;

  add(sequence: number, text: string): void {
    this.#highest = Math.max(this.#highest, sequence);
    if (this.#texts.has(sequence) || this.#texts.size === MOST_MESSAGES || this.#bytes + text.length > MOST_BYTES) return;
    this.#texts.set(sequence, text);
    this.#bytes += text.length;
  }

  has(sequence: number): boolean {
    return this.#texts.size > 0 && this.#texts.has(sequence);
  }

  take(sequence: number): string | undefined {
    const text = this.#texts.get(sequence);
    if (text !== undefined) this.#drop(sequence, text);
    return text;
  }

  /** The lowest number from one on that waits; when none does, the one after the highest that was seen; 0 when that is below. */
  nextFrom(sequence: number): number {
    if (this.#highest < sequence) return 0;
    let lowest = this.#highest + 1;
    for (const number of this.#texts.keys()) if (number >= sequence && number < lowest) lowest = number;
    return lowest;
  }

  dropBelow(sequence: number): void {
    if (this.#texts.size === 0) return;
    for (const [number, text] of this.#texts) if (number < sequence) this.#drop(number, text);
  }

  clear(): void {
    this.#texts.clear();
    this.#bytes = 0;
    this.#highest = 0;
  }

  #drop(sequence: number, text: string): void {
    this.#texts.delete(sequence);
    this.#bytes -= text.length;
  }
}
