/** What can be said of a key or a login when it is made: checked, and in the one way in which it is kept. */
import crypto from 'node:crypto';
import { plainEntry } from './addresses.ts';
import { LEAST_PASSWORD, type Permission } from './credentials.ts';
import { isPrivateKey, publicKeyText, readPublicKey } from './public-key.ts';
import { Refusal } from './refusal.ts';

const MOST_ADDRESSES = 100;
const PASSWORD = new RegExp(`^[A-Za-z0-9]{${LEAST_PASSWORD},10}$`);
/** Letters of passwords that the venue makes: none that is easily taken for another. 58 bits. */
const PASSWORD_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';
const PASSWORD_LENGTH = 10;

export interface KeyTerms {
  /** Ed25519, PEM; a fresh HMAC secret when it is not said */
  publicKey?: string;
  permission?: Permission;
  addresses?: readonly string[];
  validUntil?: number;
  /** instead of fresh ones: the demo's, which everybody knows */
  given?: { key: string; secret: string };
}

export interface LoginTerms {
  /** a fresh one when it is not said */
  password?: string;
  cancelOnDisconnect?: boolean;
  validUntil?: number;
}

/** A login's password, a fresh one where none is given. */
export function readPassword(given: string | undefined): string {
  if (given === undefined) {
    return Array.from({ length: PASSWORD_LENGTH }, () => PASSWORD_LETTERS[crypto.randomInt(PASSWORD_LETTERS.length)]).join('');
  }
  if (typeof given !== 'string' || !PASSWORD.test(given))
    throw new Refusal('invalid', `a password has ${LEAST_PASSWORD} to 10 letters and digits`);
  return given;
}

/** A public key, as it is kept. */
export function publicKeyOf(pem: string): string {
  try {
    return publicKeyText(readPublicKey(pem));
  } catch (error) {
    const remedy = isPrivateKey(pem) ? ' It was not kept, but it was sent: make a new pair.' : '';
    throw new Refusal('invalid', `The public key was refused: ${(error as Error).message}.${remedy}`);
  }
}

/** Addresses and networks, each written in one way. */
export function readAddresses(addresses: readonly string[]): string[] {
  if (addresses.length === 0) throw new Refusal('invalid', 'An empty list of addresses would let nobody use the key: leave it out.');
  if (addresses.length > MOST_ADDRESSES) throw new Refusal('invalid', `A key has at most ${MOST_ADDRESSES} addresses and networks.`);
  const plain = addresses.map((address) => {
    const entry = plainEntry(address);
    if (entry === undefined)
      throw new Refusal(
        'invalid',
        `'${address}' must be an IP address, or a network such as 10.0.0.0/8 or 2001:db8::/32 with no bits set after its prefix`,
      );
    return entry;
  });
  return [...new Set(plain)];
}

/** A time that is still to come. */
export function later(time: number | undefined): number | undefined {
  if (time !== undefined && !(Number.isSafeInteger(time) && time > Date.now()))
    throw new Refusal('invalid', 'validUntil is a time to come, in milliseconds since 1970');
  return time;
}

export function sooner(one: number | undefined, other: number): number {
  return Math.min(one ?? other, other);
}
