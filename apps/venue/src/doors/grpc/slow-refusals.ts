/** Limits how many refusals an address is sent in a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerContext } from '@connectrpc/connect';
import { AddressThrottles } from '../../core/fairness/address-throttles.ts';
import { PEER } from './peer.ts';

/** Refusals a second that an address is told; the next ones wait. */
const A_SECOND = 20;
/** Milliseconds that a refusal waits at most: a call whose refusal would wait longer is cut off. */
const MOST_WAIT_MS = 5000;

/**
 * When a call that was not let in is told so. A refused call costs the venue as much as one that does something, and who gets his refusal
 * at once sends the next: so an address is told only so many a second, while those that are let in wait for nothing.
 */
export class SlowRefusals {
  readonly #byAddress = new AddressThrottles(A_SECOND);

  /** Resolves when the refusal may be told, or nobody is there any more to be told. */
  async wait({ values, signal }: HandlerContext): Promise<void> {
    const peer = values.get(PEER);
    const throttle = this.#byAddress.of(peer.address);
    const wait = throttle.take(1);
    if (wait === 0) return;
    if (wait > MOST_WAIT_MS) {
      throttle.take(-1); // it does not wait
      peer.cut();
      return;
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
