/** What administrators' operations answer. */
import { Type } from 'typebox';
import { PERMISSIONS } from '../../domain/credentials.ts';
import * as a from '../http/answers.ts';

const text = Type.String();
const name = Type.String({ description: 'Name of an account' });
const user = Type.String({ description: 'Name of a login' });
const keyId = Type.String({ description: 'Id of an API key, which is no secret' });
const end = Type.Integer({ description: 'Milliseconds since 1970' });
const endOrNone = a.orNull(end);
const state = (more: readonly string[] = []) => a.oneOf(['VALID', 'EXPIRED', ...more]);
const balance = { asset: a.asset, free: a.amount('Available'), locked: a.amount('Held by open orders') };

const latency = a.object({ p50: a.count, p99: a.count, p999: a.count, p9999: a.count, max: a.count });
export const status = a.open(
  {
    journal: a.oneOf(['ok', 'full', 'failed']),
    durableSequence: a.count,
    followerSequence: a.count,
    storedSequence: a.count,
    storeLag: a.count,
    store: a.oneOf(['ok', 'failing']),
    stateCheck: a.oneOf(['equal', 'diverged']),
    openOrders: a.count,
    inFlight: a.count,
    ports: a.byName(a.either(a.count, text), "Of the doors; multicast groups with theirs, and the name of the feed's session"),
    open: a.byName(a.count, 'Connections of the doors'),
    latenciesNs: a.byName(latency, 'Percentiles in nanoseconds'),
    instruments: a.list(a.symbol),
  },
  'Where the threads stand; further parts of the venue have entries of their own',
);

export const memory = a.object({
  level: a.oneOf(['normal', 'moderate', 'high', 'critical']),
  health: Type.Integer({ minimum: 0, maximum: 100 }),
  process: a.object({ residentBytes: a.count, heapBytes: a.count, bufferBytes: a.count }),
  parts: a.list(a.open({ name: text, inUse: a.count, capacity: a.count, refused: a.count }, 'A pool or a ring')),
  topConsumers: a.list(text),
  suspectedLeaks: a.list(a.open({ name: text }, 'A part')),
  recommendations: a.list(text),
  reclaimedBytes: a.count,
});

const key = a.object({
  id: keyId,
  key: text,
  kind: a.oneOf(['HMAC', 'Ed25519']),
  permission: a.oneOf(PERMISSIONS),
  addresses: a.orNull(a.list(text)),
  createdAt: a.time,
  validUntil: endOrNone,
  state: state(),
});
const login = a.object({ user, number: a.count, cancelOnDisconnect: a.flag, validUntil: endOrNone, state: state(['REVOKED']) });
export const accounts = a.list(
  a.object({ number: a.count, name, keys: a.list(key), logins: a.list(login), balances: a.list(a.object(balance)) }),
);

const secret = Type.String({ description: 'Shown once; none for an Ed25519 key' });
const made = { id: keyId, key: text, secret: a.optional(secret) };
export const madeKey = a.object(made);
export const madeAccount = a.object({ number: a.count, name, ...made });
export const keyOf = a.object({ id: keyId });
export const keyEnd = a.object({ id: keyId, validUntil: a.optional(end) });
const password = Type.String({ description: 'Shown once' });
export const madeLogin = a.object({ user, number: a.count, account: a.count, cancelOnDisconnect: a.flag, password });
export const loginOf = a.object({ user });
export const loginPassword = a.object({ user, password });
export const loginEnd = a.object({ user, validUntil: a.optional(end) });
export const token = a.object({ token: Type.String({ description: 'Shown once' }) });

export const balanceOf = a.object({ account: name, ...balance });
export const moved = a.object({ from: name, to: name, asset: a.asset, amount: a.amount('Moved') });
export const tier = a.object({ tier: a.count, makerFeePpm: Type.Integer(), takerFeePpm: Type.Integer() });
export const cancelled = a.object({ cancelled: a.count });
export const killed = a.object({ account: name, status: a.always('CANCEL_ONLY') });
const value = a.either(text, Type.Number(), Type.Null());
export const rules = a.object({ symbol: a.symbol, rules: a.byName(value, 'Rules in force, by name') });
export const setRules = a.open({ symbol: a.symbol }, 'The rules that were set, by name');
export const setAccountRules = a.open({ account: name }, 'The rules that were set, by name');
