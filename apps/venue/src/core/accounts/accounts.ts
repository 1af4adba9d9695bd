/** Creates accounts and changes their keys and logins, each change durable before it is answered. */
import crypto from 'node:crypto';
import { type KeyTerms, type LoginTerms, later, publicKeyOf, readAddresses, readPassword, sooner } from '../../domain/account-terms.ts';
import type { ApiKey, KeptKey, KeptLogin, Login } from '../../domain/credentials.ts';
import { Refusal } from '../../domain/refusal.ts';
import { type AccountRecord, AccountView, type SealedKey } from './account-view.ts';
import type { OperatorKey } from './operator-key.ts';
import type { Registry } from './registry.ts';

export { plainAddress } from '../../domain/addresses.ts';
export type { Login } from '../../domain/credentials.ts';
export type { AccountRecord } from './account-view.ts';

/** Keys and logins that one account may have, revoked logins included. */
const MOST_CREDENTIALS = 100;
const SECRET_BYTES = 32;
const ID_BYTES = 4;

/** A key that was made, with its secret, which is not shown again. */
interface MadeKey {
  id: string;
  key: string;
  secret?: string;
}

/**
 * Accounts, and what administrators change of them: through the journal alone. What resolves here is durable, and in force at every door.
 * Balances are the engine's.
 */
export class Accounts extends AccountView {
  readonly #registry: Registry;
  readonly #operatorKey: OperatorKey;
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(registry: Registry, operatorKey: OperatorKey) {
    super(registry, operatorKey);
    this.#registry = registry;
    this.#operatorKey = operatorKey;
  }

  /** Adds an account. @param open opens its number in the engine */
  create(name: string, open: (number: number) => Promise<void>): Promise<AccountRecord> {
    return this.#inTurn(async () => {
      if (!/^[A-Za-z0-9_.-]{1,32}$/.test(name))
        throw new Refusal('invalid', `'${name}' is no account name: 1 to 32 of letters, digits, '_', '.' and '-'`);
      if (this.find(name) !== undefined) throw new Refusal('conflict', `There is an account '${name}' already.`);
      const number = this.all.length;
      await open(number);
      await this.#registry.put(`account/${number}`, { name });
      return this.all[number];
    });
  }

  /** Adds an API key, with a fresh secret or a public key. Returns it with its secret, which is not shown again. */
  addKey(name: string, terms: KeyTerms = {}): Promise<MadeKey> {
    return this.#inTurn(async () => {
      const { number } = this.named(name);
      this.#checkRoom(number);
      return await this.#putKey(number, terms);
    });
  }

  /** @param which the key, or its id, here and below @returns its id */
  revokeKey(which: string): Promise<string> {
    return this.#inTurn(async () => {
      const { id } = this.#key(which);
      await this.#registry.remove(`key/${id}`);
      return id;
    });
  }

  /** Ends a key at another time. @param validUntil undefined: not before it is revoked */
  expireKey(which: string, validUntil: number | undefined): Promise<string> {
    return this.#inTurn(async () => {
      const { id } = this.#key(which);
      await this.#registry.put(`key/${id}`, { ...this.#keptKey(id), validUntil: later(validUntil) });
      return id;
    });
  }

  /**
   * Makes another key with the same permission and addresses, and ends the old one after a while. Where the journal takes the new one and
   * not the old one's end, the new one goes again, since nobody gets its secret: the old one stays as it was.
   * @param publicKey of the new one, where the old one has one
   */
  rotateKey(which: string, overlapMs: number, publicKey?: string, validUntil?: number): Promise<MadeKey> {
    return this.#inTurn(async () => {
      const { id, account, kind, permission, addresses } = this.#key(which);
      if (kind === 'Ed25519' && publicKey === undefined)
        throw new Refusal('invalid', 'This key signs by Ed25519: send the new public key.');
      if (overlapMs > 0) this.#checkRoom(account);
      const made = await this.#putKey(account, { publicKey, permission, addresses: addresses?.entries, validUntil });
      try {
        await this.#endAfter(id, overlapMs);
      } catch (error) {
        await this.#registry.remove(`key/${made.id}`).catch(() => undefined);
        throw error;
      }
      return made;
    });
  }

  async #endAfter(id: string, overlapMs: number): Promise<void> {
    const kept = this.#keptKey(id);
    if (overlapMs === 0) await this.#registry.remove(`key/${id}`);
    else await this.#registry.put(`key/${id}`, { ...kept, validUntil: sooner(kept.validUntil, Date.now() + overlapMs) });
  }

  /** Adds a login, or revives one of the account that was revoked. Returns its password, which is not shown again. */
  addLogin(name: string, user: string, terms: LoginTerms = {}): Promise<Login & { password: string }> {
    return this.#inTurn(async () => {
      const { number: account, logins } = this.named(name);
      if (!/^[A-Z0-9]{1,6}$/.test(user)) throw new Refusal('invalid', `'${user}' is no user: 1 to 6 of A-Z and 0-9`);
      const before = this.login(user);
      // A name stays its account's: what a session was told is kept by it.
      if (before !== undefined && (before.passwords.length > 0 || before.account !== account))
        throw new Refusal(
          'conflict',
          `There is a user '${user}' already${before.passwords.length > 0 ? '' : ', revoked, of another account'}.`,
        );
      if (before === undefined && logins.length >= MOST_CREDENTIALS)
        throw new Refusal('conflict', `'${name}' has ${MOST_CREDENTIALS} logins, with those that were revoked.`);
      const number = before?.number ?? 1 + this.logins.reduce((most, login) => Math.max(most, login.number), 0);
      const password = readPassword(terms.password);
      await this.#registry.put(`login/${user}`, {
        number,
        account,
        cancelOnDisconnect: terms.cancelOnDisconnect === true,
        passwords: [this.#operatorKey.keep(password)],
        createdAt: Date.now(),
        validUntil: later(terms.validUntil),
      } satisfies KeptLogin);
      return { ...this.login(user)!, password };
    });
  }

  /** Ends a login. Its name and number stay its account's. */
  revokeLogin(user: string): Promise<void> {
    return this.#changeLogin(user, (kept) => ({ ...kept, passwords: [], revokedAt: Date.now() }));
  }

  expireLogin(user: string, validUntil: number | undefined): Promise<void> {
    return this.#changeLogin(user, (kept) => ({ ...kept, validUntil: later(validUntil) }));
  }

  /** Gives a login another password; the old one holds for a while. Returns the new one. */
  async rotateLogin(user: string, overlapMs: number, wanted?: string): Promise<string> {
    const password = readPassword(wanted);
    await this.#changeLogin(user, (kept) => {
      const [old] = kept.passwords;
      const until = sooner(old.validUntil, Date.now() + overlapMs);
      const passwords = [this.#operatorKey.keep(password), ...(overlapMs > 0 ? [{ ...old, validUntil: until }] : [])];
      return { ...kept, passwords };
    });
    return password;
  }

  #changeLogin(user: string, change: (kept: KeptLogin) => KeptLogin): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#registry.get(`login/${user}`) as KeptLogin | undefined;
      if (kept === undefined || kept.passwords.length === 0) throw new Refusal('unknown', `There is no user '${user}'.`);
      await this.#registry.put(`login/${user}`, change(kept));
    });
  }

  async #putKey(account: number, { publicKey, permission = 'TRADE', addresses, validUntil, given }: KeyTerms): Promise<MadeKey> {
    const id = this.#freshId();
    const key = given?.key ?? crypto.randomBytes(SECRET_BYTES).toString('hex');
    if (this.findKey(key) !== undefined) throw new Refusal('conflict', 'There is this key already.');
    const secret = publicKey === undefined ? (given?.secret ?? crypto.randomBytes(SECRET_BYTES).toString('hex')) : undefined;
    const kept: KeptKey = {
      account,
      sealed: this.#operatorKey.seal(JSON.stringify({ key, secret } satisfies SealedKey), id),
      publicKey: publicKey === undefined ? undefined : publicKeyOf(publicKey),
      permission,
      addresses: addresses === undefined ? undefined : readAddresses(addresses),
      createdAt: Date.now(),
      validUntil: later(validUntil),
    };
    await this.#registry.put(`key/${id}`, kept);
    return { id, key, ...(secret !== undefined && { secret }) };
  }

  #freshId(): string {
    const id = crypto.randomBytes(ID_BYTES).toString('hex');
    return this.findKey(id) !== undefined ? this.#freshId() : id;
  }

  #checkRoom(account: number): void {
    const { name, keys } = this.all[account];
    if (keys.length >= MOST_CREDENTIALS)
      throw new Refusal('conflict', `'${name}' has ${MOST_CREDENTIALS} API keys: revoke one that is not used any more.`);
  }

  /** One change after the other: each sees what those before it came to. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => undefined); // told to whoever asked for it
    return done;
  }

  #key(which: string): ApiKey {
    const found = this.findKey(which);
    if (found === undefined) throw new Refusal('unknown', 'There is no such API key.');
    return found;
  }

  #keptKey(id: string): KeptKey {
    return this.#registry.get(`key/${id}`) as KeptKey;
  }
}
