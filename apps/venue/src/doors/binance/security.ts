/** Keys and signatures of requests. */
import crypto from 'node:crypto';
import type { AccountRecord, Accounts } from '../../core/accounts/accounts.ts';
import { type ApiKey, LEAST_SECRET } from '../../domain/credentials.ts';
import { errors } from '../http/errors.ts';
import type { Parameters } from './parameters.ts';

const DEFAULT_RECV_WINDOW = 5000;
const LONGEST_RECV_WINDOW = 60_000;
const MOST_AHEAD_MS = 1000;
/** of a signature (RFC 8032) */
const ED25519_BYTES = 64;

/**
 * Who an API key belongs to, if it may be used for this from there. Throws ApiError -2014 or -2015.
 * @param address where the request comes from @param trades whether it does more than read
 */
export function keyHolder(
  accounts: Accounts,
  key: string | undefined,
  address: string,
  trades: boolean,
): { account: AccountRecord; key: ApiKey } {
  if (key === undefined || !/^[A-Za-z0-9_.-]{1,128}$/.test(key)) throw errors.badKeyFormat();
  const holder = accounts.byKey(key);
  if (holder === undefined) throw errors.badKey();
  if (trades && holder.key.permission === 'READ') throw errors.badKey();
  if (holder.key.addresses?.has(address) === false) throw errors.badKey();
  return holder;
}

/**
 * Checks a signed request: its time window, then its signature over `payload` (everything sent but the signature itself).
 * HMAC-SHA256 in hexadecimal, or Ed25519 in base64, by the kind of the key. Throws ApiError -1021, -1022 or -1102.
 */
export function checkSignature(key: ApiKey, payload: string, parameters: Parameters, nowMs: number): void {
  checkTime(parameters, nowMs);
  const { signature } = parameters;
  if (!signature) throw errors.missing('signature');
  const isRight = key.kind === 'HMAC' ? isHmac(key, payload, signature) : isEd25519(key, payload, signature);
  if (!isRight) throw errors.badSignature();
}

function isHmac({ verifier }: ApiKey, payload: string, signature: string): boolean {
  if (verifier.symmetricKeySize! < LEAST_SECRET || !/^[0-9A-Fa-f]{64}$/.test(signature)) return false;
  const expected = crypto.createHmac('sha256', verifier).update(payload).digest();
  return crypto.timingSafeEqual(Buffer.from(signature, 'hex'), expected);
}

function isEd25519({ verifier }: ApiKey, payload: string, signature: string): boolean {
  const given = Buffer.from(signature.replaceAll(' ', '+'), 'base64'); // of a client that leaves a plus as it is in its query
  return given.length === ED25519_BYTES && crypto.verify(null, Buffer.from(payload), verifier, given);
}

function checkTime(parameters: Parameters, nowMs: number): void {
  const { timestamp, recvWindow } = parameters;
  if (!timestamp) throw errors.missing('timestamp');
  if (!/^\d{1,17}$/.test(timestamp)) throw errors.illegal('timestamp', '^[0-9]{1,17}$');
  // In milliseconds, to the microsecond.
  if (recvWindow !== undefined && !/^\d{1,5}(\.\d{1,3})?$/.test(recvWindow))
    throw errors.illegal('recvWindow', `a number up to ${LONGEST_RECV_WINDOW}`);
  const window = recvWindow === undefined ? DEFAULT_RECV_WINDOW : Number(recvWindow);
  if (!(window > 0 && window <= LONGEST_RECV_WINDOW)) throw errors.illegal('recvWindow', `a number up to ${LONGEST_RECV_WINDOW}`);
  // Timestamps of 16 digits are microseconds.
  const sent = timestamp.length >= 16 ? Number(timestamp) / 1000 : Number(timestamp);
  if (sent > nowMs + MOST_AHEAD_MS) throw errors.badTimestamp(true);
  if (nowMs - sent > window) throw errors.badTimestamp(false);
}

/** What a REST request signs: its query string and body, put together, without the signature. */
export function signedPayload(query: string, body: string): string {
  return withoutSignature(query) + withoutSignature(body);
}

function withoutSignature(text: string): string {
  // Clients put it last.
  const at = text.lastIndexOf('&signature=');
  if (at >= 0 && text.indexOf('&', at + 1) < 0 && text.indexOf('signature=') === at + 1) return text.slice(0, at);
  return text
    .split('&')
    .filter((part) => !part.startsWith('signature='))
    .join('&');
}

/** What a WebSocket API request signs: its parameters by name, without the signature. */
export function signedWebSocketPayload(parameters: Parameters): string {
  return Object.keys(parameters)
    .filter((name) => name !== 'signature')
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join('&');
}
