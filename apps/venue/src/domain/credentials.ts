/** API keys and logins, as doors check them and as the journal keeps them. */
import type { KeyObject } from 'node:crypto';
import type { AddressList } from './addresses.ts';
import type { KeptSecret, SecretCheck } from './secrets.ts';

/** Times are milliseconds since 1970; one that is not said never comes. */

export const PERMISSIONS = ['READ', 'TRADE', 'ADMIN'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** An API key, as requests are checked against it. */
export interface ApiKey {
  /** what administrators and the log call it: who knows the key itself may listen by it */
  readonly id: string;
  readonly key: string;
  /** the account's number */
  readonly account: number;
  readonly kind: 'HMAC' | 'Ed25519';
  /** HMAC-SHA256 secret, or Ed25519 public key */
  readonly verifier: KeyObject;
  /** READ: see, TRADE: see and trade, ADMIN: also what the admin token may */
  readonly permission: Permission;
  /** where it may be used from; anywhere when it is not said */
  readonly addresses: AddressList | undefined;
  readonly createdAt: number;
  readonly validUntil: number | undefined;
}

/** Who may sign in at OUCH, GLIMPSE, FIX and gRPC. Plain data: it goes to other threads. */
export interface Login {
  /** one to six of A-Z and 0-9 */
  readonly user: string;
  /** never used twice: orders are known by it */
  readonly number: number;
  /** the account's number */
  readonly account: number;
  /** whether its open orders are cancelled when the connection ends */
  readonly cancelOnDisconnect: boolean;
  /** newest first; none: the login was revoked */
  readonly passwords: readonly Password[];
  readonly validUntil?: number;
}

export interface Password extends SecretCheck {
  readonly validUntil?: number;
}

/** An API key in the journal. */
export interface KeptKey {
  account: number;
  /** the key and its HMAC secret, if it has one, as JSON, sealed with the operator's key */
  sealed: string;
  /** the Ed25519 public key, PEM */
  publicKey?: string;
  permission: Permission;
  addresses?: readonly string[];
  createdAt: number;
  validUntil?: number;
}

/** A login in the journal: also one that was revoked, for its number and its name. */
export interface KeptLogin {
  number: number;
  account: number;
  cancelOnDisconnect: boolean;
  passwords: (KeptSecret & { validUntil?: number })[];
  createdAt: number;
  validUntil?: number;
  revokedAt?: number;
}

/** Secrets shorter than these never match, whatever is kept. */
export const LEAST_SECRET = 8;
export const LEAST_PASSWORD = 6;
/** Of secrets that open the whole venue. */
export const LEAST_ADMIN_SECRET = 32;

/** Whether something that lasts until a time does so now. */
export function isValid({ validUntil }: { validUntil?: number | undefined }, now: number): boolean {
  return validUntil === undefined || now < validUntil;
}
