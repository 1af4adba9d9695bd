/** Counts the new orders that a door has sent and the engine has not applied. */

/** Records that a door may have collected and not sent: its share of the places, beside the command ring's. */
const MOST_UNSENT = 1024;

/**
 * The new orders that a door has on their way to the engine, by account: those that it collects, and those in the ring that the engine has
 * not applied. One thread's. Nothing is allocated: they lie in typed arrays, by `head`, `head + 1`, ... modulo their length.
 */
export class UnderWay {
  readonly #counts: Int32Array;
  readonly #sequences: Float64Array;
  readonly #accounts: Int32Array;
  readonly #orders: Uint8Array;
  readonly #mask: number;
  #head = 0;
  #tail = 0;
  /** of #tail: the first that is not in the ring yet */
  #sent = 0;

  /** @param slots of the command ring */
  constructor(slots: number, accounts: number) {
    const places = 2 ** Math.ceil(Math.log2(slots + MOST_UNSENT));
    this.#counts = new Int32Array(accounts);
    this.#sequences = new Float64Array(places);
    this.#accounts = new Int32Array(places);
    this.#orders = new Uint8Array(places);
    this.#mask = places - 1;
  }

  of(account: number): number {
    return this.#counts[account];
  }

  /** A command is collected that enters so many orders. @param records collected, with its own */
  enter(account: number, orders: number, records: number): void {
    const place = this.#tail & this.#mask;
    this.#tail = (this.#tail + 1) | 0;
    this.#sequences[place] = records;
    this.#accounts[place] = account;
    this.#orders[place] = orders;
    this.#counts[account] += orders;
  }

  /** What was collected is in the ring, from a position on. */
  sentFrom(first: number): void {
    for (; this.#sent !== this.#tail; this.#sent = (this.#sent + 1) | 0) this.#sequences[this.#sent & this.#mask] += first;
  }

  /** What was collected found no room. */
  drop(): void {
    for (let i = this.#sent; i !== this.#tail; i = (i + 1) | 0) this.#end(i & this.#mask);
    this.#tail = this.#sent;
  }

  /** The engine has applied all commands up to a number. */
  applied(sequence: number): void {
    while (this.#head !== this.#sent) {
      const place = this.#head & this.#mask;
      if (this.#sequences[place] > sequence) return;
      this.#end(place);
      this.#head = (this.#head + 1) | 0;
    }
  }

  #end(place: number): void {
    this.#counts[this.#accounts[place]] -= this.#orders[place];
  }
}
