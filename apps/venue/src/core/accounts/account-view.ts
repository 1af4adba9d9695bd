/** Accounts, API keys and logins as doors check them, read from the registry. */
import crypto from 'node:crypto';
import { AddressList } from '../../domain/addresses.ts';
import { type ApiKey, isValid, type KeptKey, type KeptLogin, type Login } from '../../domain/credentials.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { OperatorKey } from './operator-key.ts';
import type { Registry } from './registry.ts';

/** The clock may be set while the next time is waited for: so often it is looked at anyway. */
const LOOK_MS = 10_000;

export interface AccountRecord {
  readonly number: number;
  readonly name: string;
  readonly keys: readonly ApiKey[];
  readonly logins: readonly Login[];
}

/** What of a key is sealed in the journal. */
export interface SealedKey {
  key: string;
  secret?: string;
}

interface Account extends AccountRecord {
  readonly keys: ApiKey[];
  readonly logins: Login[];
}

/** Names, API keys and logins of accounts, as the registry has them: what doors check against. It tells them what has ended. */
export class AccountView {
  readonly #operatorKey: OperatorKey;
  readonly #accounts: Account[] = [];
  readonly #byName = new Map<string, Account>();
  readonly #byKey = new Map<string, ApiKey>();
  readonly #byId = new Map<string, ApiKey>();
  /** by id: keys that may administer */
  readonly #adminKeys = new Map<string, ApiKey>();
  readonly #logins = new Map<string, Login>();
  /** by record: when it, or a password of it, ends */
  readonly #times = new Map<string, number[]>();
  /** keys whose time was up, and of whom that was told */
  readonly #expired = new Set<string>();
  /** when times were last looked at: ends of logins up to then have been told */
  #looked = Date.now();
  /** told of all logins after each change, also when a time is up */
  readonly onLogins: ((logins: readonly Login[]) => void)[] = [];
  /** told of each key that was revoked, or whose time is up */
  readonly onKeyEnded = new Set<(key: string) => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(registry: Registry, operatorKey: OperatorKey) {
    this.#operatorKey = operatorKey;
    for (const kind of ['account/', 'key/', 'login/']) for (const [rest, value] of registry.under(kind)) this.#take(kind + rest, value);
    this.#watchTimes();
    registry.onChange.push((name, value) => {
      if (this.#take(name, value)) this.#watchTimes();
    });
  }

  get all(): readonly AccountRecord[] {
    return this.#accounts;
  }

  /** All logins, those included that were revoked. */
  get logins(): readonly Login[] {
    return [...this.#logins.values()];
  }

  find(name: string): AccountRecord | undefined {
    return this.#byName.get(name);
  }

  /** Throws Refusal. */
  named(name: string): AccountRecord {
    const account = this.find(name);
    if (account === undefined) throw new Refusal('unknown', `There is no account '${name}'.`);
    return account;
  }

  /** A key that may be used now. */
  byKey(key: string): { account: AccountRecord; key: ApiKey } | undefined {
    const found = this.#byKey.get(key);
    return found === undefined || !isValid(found, Date.now()) ? undefined : { account: this.#accounts[found.account], key: found };
  }

  /** A login, also one that was revoked. */
  login(user: string): Login | undefined {
    return this.#logins.get(user);
  }

  /** A key by its id, or itself, also one whose time is up. */
  findKey(which: string): ApiKey | undefined {
    return this.#byId.get(which) ?? this.#byKey.get(which);
  }

  /** Keys that may administer, also those whose time is up. */
  get adminKeys(): Iterable<ApiKey> {
    return this.#adminKeys.values();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** Takes in a record. Returns whether it is one of accounts. */
  #take(name: string, value: unknown): boolean {
    const at = name.indexOf('/') + 1;
    const rest = name.slice(at);
    if (name.startsWith('account/')) this.#takeAccount(Number(rest), value as { name: string });
    else if (name.startsWith('key/')) this.#takeKey(rest, value as KeptKey | undefined);
    else if (name.startsWith('login/')) this.#takeLogin(rest, value as KeptLogin);
    else return false;
    const times = timesOf(value as Timed | undefined);
    if (times.length > 0) this.#times.set(name, times);
    else this.#times.delete(name);
    return true;
  }

  #takeAccount(number: number, { name }: { name: string }): void {
    if (this.#accounts[number] !== undefined) return; // accounts are not renamed
    const account: Account = { number, name, keys: [], logins: [] };
    this.#accounts[number] = account;
    this.#byName.set(name, account);
  }

  #takeKey(id: string, kept: KeptKey | undefined): void {
    const before = this.#byId.get(id);
    if (before !== undefined) {
      const { keys } = this.#accounts[before.account];
      keys.splice(keys.indexOf(before), 1);
      this.#byId.delete(id);
      this.#adminKeys.delete(id);
      this.#byKey.delete(before.key);
      this.#expired.delete(before.key);
    }
    if (kept !== undefined) {
      const read = this.#readKey(id, kept);
      this.#byId.set(id, read);
      if (read.permission === 'ADMIN') this.#adminKeys.set(id, read);
      this.#byKey.set(read.key, read);
      this.#accounts[read.account].keys.push(read);
    } else if (before !== undefined) for (const listener of this.onKeyEnded) listener(before.key);
  }

  #readKey(id: string, { account, sealed, publicKey, permission, addresses, createdAt, validUntil }: KeptKey): ApiKey {
    const { key, secret } = JSON.parse(this.#operatorKey.open(sealed, id)) as SealedKey;
    const verifier = secret === undefined ? crypto.createPublicKey(publicKey!) : crypto.createSecretKey(secret, 'utf8');
    const kind = secret === undefined ? 'Ed25519' : 'HMAC';
    return { id, key, account, kind, verifier, permission, addresses: addresses && new AddressList(addresses), createdAt, validUntil };
  }

  #takeLogin(user: string, { number, account, cancelOnDisconnect, passwords, validUntil }: KeptLogin): void {
    const checks = passwords.map(({ salt, hash, validUntil: until }) => ({
      ...this.#operatorKey.check({ salt, hash }),
      ...(until !== undefined && { validUntil: until }),
    }));
    const login: Login = { user, number, account, cancelOnDisconnect, passwords: checks, ...(validUntil !== undefined && { validUntil }) };
    const { logins } = this.#accounts[account];
    const place = logins.findIndex((other) => other.user === user);
    logins.splice(place < 0 ? logins.length : place, 1, login);
    this.#logins.set(user, login);
    for (const listener of this.onLogins) listener(this.logins);
  }

  /** Tells of those whose time is up, and comes back when the next one's is. */
  #watchTimes(): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    let hasLoginEnded = false;
    for (const [name, times] of this.#times) {
      for (const time of times) {
        if (time > now) next = Math.min(next, time);
        else if (name.startsWith('key/')) this.#endKey(this.#byId.get(name.slice('key/'.length))!.key);
        else if (time > this.#looked) hasLoginEnded = true;
      }
    }
    this.#looked = now;
    if (hasLoginEnded) for (const listener of this.onLogins) listener(this.logins);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#watchTimes(), Math.min(next - now, LOOK_MS)).unref();
  }

  #endKey(key: string): void {
    if (this.#expired.has(key)) return;
    this.#expired.add(key);
    for (const listener of this.onKeyEnded) listener(key);
  }
}

interface Timed {
  validUntil?: number;
  passwords?: { validUntil?: number }[];
}

function timesOf({ validUntil, passwords = [] }: Timed = {}): number[] {
  return [validUntil, ...passwords.map((password) => password.validUntil)].filter((time) => time !== undefined);
}
