/** Throttles by address, in bounded memory. */
import { sourceOf } from '../../domain/addresses.ts';
import { Throttle } from './throttle.ts';

/** Addresses that are known; with more, those that have sent nothing lately are forgotten, and then all. */
const MOST_ADDRESSES = 10_000;

/** A throttle for each address, as {@link sourceOf} has it, in bounded memory. */
export class AddressThrottles {
  readonly #perSecond: number;
  readonly #bySource = new Map<string, Throttle>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  of(address: string): Throttle {
    const source = sourceOf(address);
    let throttle = this.#bySource.get(source);
    if (throttle === undefined) {
      if (this.#bySource.size >= MOST_ADDRESSES) this.#forget();
      throttle = new Throttle(this.#perSecond);
      this.#bySource.set(source, throttle);
    }
    return throttle;
  }

  #forget(): void {
    for (const [source, throttle] of this.#bySource) if (throttle.take(0) === 0) this.#bySource.delete(source);
    if (this.#bySource.size >= MOST_ADDRESSES) this.#bySource.clear();
  }
}
