/** Client order ids for orders that arrive without one. */
import crypto from 'node:crypto';

const BYTES = 16;
/** The system is asked for the randomness of so many ids at once: each call costs as much as the rest of making one. */
const POOL = Buffer.alloc(BYTES * 256);
let used = POOL.length;

/** A client order id for an order that came without one: 128 random bits as 22 letters. */
export function freshId(): string {
  if (used === POOL.length) {
    crypto.randomFillSync(POOL);
    used = 0;
  }
  used += BYTES;
  return POOL.toString('base64url', used - BYTES, used);
}
