/** Secrets that are checked and not kept. */
import crypto from 'node:crypto';

/** How somebody proves that he knows a secret that is not kept: HMAC-SHA256 of it, by a key made of the operator's and a salt. */
export interface SecretCheck {
  /** hexadecimal; to be kept in memory only */
  readonly key: string;
  /** hexadecimal */
  readonly hash: string;
}

/** A secret as the journal has it: nothing can be tried on it without the operator's key. */
export interface KeptSecret {
  readonly salt: string;
  readonly hash: string;
}

/** Whether a secret is the one that was kept, in a time that does not tell how near it is. */
export function isSecret({ key, hash }: SecretCheck, secret: string): boolean {
  return crypto.timingSafeEqual(hashOf(Buffer.from(key, 'hex'), secret), Buffer.from(hash, 'hex'));
}

export function hashOf(key: Buffer, secret: string): Buffer {
  return crypto.createHmac('sha256', key).update(secret).digest();
}
