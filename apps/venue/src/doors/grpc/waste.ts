import { Throttle } from '../../core/fairness/throttle.ts';
import { sourceOf } from '../../domain/addresses.ts';

/** Streams a second that may come to nothing, of a connection, and of all of an address's that did not sign in; a tenth of it at once. */
const A_SECOND = 1000;
/** Addresses that are known; with more, those that have wasted nothing lately are forgotten, and then all. */
const MOST_ADDRESSES = 10_000;

/**
 * Counts streams that come to nothing: opened and reset, refused, or cut off. Each costs the venue as much as a call, and no other limit
 * holds them, since a stream that is reset is open no more.
 */
export class Waste {
  readonly #byAddress = new Map<string, Throttle>();

  /** Of one connection. */
  readonly ofConnection = (): Throttle => new Throttle(A_SECOND);

  /** Counts one. Returns whether its connection is to end. @param address undefined: of somebody who signed in */
  add(connection: Throttle, address: string | undefined): boolean {
    const isTooMuch = connection.take(1) > 0;
    return (address !== undefined && this.#of(sourceOf(address)).take(1) > 0) || isTooMuch;
  }

  #of(source: string): Throttle {
    let throttle = this.#byAddress.get(source);
    if (throttle === undefined) {
      if (this.#byAddress.size >= MOST_ADDRESSES) this.#forget();
      throttle = new Throttle(A_SECOND);
      this.#byAddress.set(source, throttle);
    }
    return throttle;
  }

  #forget(): void {
    for (const [source, throttle] of this.#byAddress) if (throttle.take(0) === 0) this.#byAddress.delete(source);
    if (this.#byAddress.size >= MOST_ADDRESSES) this.#byAddress.clear();
  }
}
