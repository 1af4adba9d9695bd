/** Limits streams that come to nothing, by connection and address. */
import { AddressThrottles } from '../../core/fairness/address-throttles.ts';
import { Throttle } from '../../core/fairness/throttle.ts';

/** Streams a second that may come to nothing, of a connection, and of all of an address's that did not sign in; a tenth of it at once. */
const A_SECOND = 1000;

/**
 * Counts streams that come to nothing: opened and reset, refused, or cut off. Each costs the venue as much as a call, and no other limit
 * holds them, since a stream that is reset is open no more.
 */
export class Waste {
  readonly #byAddress = new AddressThrottles(A_SECOND);

  /** Of one connection. */
  readonly ofConnection = (): Throttle => new Throttle(A_SECOND);

  /** Counts one. Returns whether its connection is to end. @param address undefined: of somebody who signed in */
  add(connection: Throttle, address: string | undefined): boolean {
    const isTooMuch = connection.take(1) > 0;
    return (address !== undefined && this.#byAddress.of(address).take(1) > 0) || isTooMuch;
  }
}
