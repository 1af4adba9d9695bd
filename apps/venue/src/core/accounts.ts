import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface ApiKey {
  key: string;
  /** HMAC-SHA256 secret */
  secret?: string;
  /** Ed25519 public key, PEM */
  publicKey?: string;
  /** READ: see, TRADE: see and trade, ADMIN: also what the admin token may; TRADE when it is not said */
  permission?: Permission;
  /** addresses that may use it; any when it is not said */
  addresses?: string[];
}

export const PERMISSIONS = ['READ', 'TRADE', 'ADMIN'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Who may sign in at the gateways of the field's own protocols: OUCH, GLIMPSE and FIX. */
export interface Login {
  /** one to six of A-Z and 0-9 */
  user: string;
  /** one to ten letters and digits */
  password: string;
  /** never used twice: orders are known by it */
  number: number;
  /** the account's number */
  account: number;
  /** whether its open orders are cancelled when the connection ends */
  cancelOnDisconnect: boolean;
}

export interface AccountRecord {
  number: number;
  name: string;
  keys: ApiKey[];
  logins?: Login[];
}

/** Names and API keys of accounts: a JSON file of mode 600 in the data directory, replaced as a whole. Balances are the engine's. */
export class Accounts {
  readonly #file: string;
  #records: AccountRecord[] = [];
  /** told of all logins after each change */
  readonly onLogins: ((logins: readonly Login[]) => void)[] = [];
  readonly #byKey = new Map<string, { account: AccountRecord; key: ApiKey }>();

  constructor(directory: string) {
    this.#file = path.join(directory, 'accounts.json');
    if (fs.existsSync(this.#file)) this.#records = JSON.parse(fs.readFileSync(this.#file, 'utf8'));
    this.#index();
  }

  get all(): readonly AccountRecord[] {
    return this.#records;
  }

  find(name: string): AccountRecord | undefined {
    return this.#records.find((record) => record.name === name);
  }

  byKey(key: string): { account: AccountRecord; key: ApiKey } | undefined {
    return this.#byKey.get(key);
  }

  /** Adds an account with the next number. Throws when the name is taken or malformed. */
  create(name: string, keys: ApiKey[] = []): AccountRecord {
    if (!/^[A-Za-z0-9_.-]{1,32}$/.test(name)) throw new Error(`'${name}' is no account name: 1 to 32 of letters, digits, '_', '.' and '-'`);
    if (this.find(name) !== undefined) throw new Error(`there is an account '${name}' already`);
    const record = { number: this.#records.length, name, keys };
    this.#records.push(record);
    this.#save();
    return record;
  }

  /** Adds an API key: with a fresh secret, or with a public key in PEM. @param addresses that may use it, as they are written in a request's source */
  addKey(name: string, publicKey?: string, permission?: Permission, addresses?: string[]): ApiKey {
    const record = this.find(name);
    if (record === undefined) throw new Error(`there is no account '${name}'`);
    if (publicKey !== undefined) crypto.createPublicKey(publicKey);
    const key: ApiKey = { key: crypto.randomBytes(32).toString('hex') };
    if (publicKey === undefined) key.secret = crypto.randomBytes(32).toString('hex');
    else key.publicKey = publicKey;
    if (permission !== undefined) key.permission = permission;
    if (addresses !== undefined) key.addresses = addresses;
    record.keys.push(key);
    this.#save();
    return key;
  }

  get logins(): readonly Login[] {
    return this.#records.flatMap(({ logins }) => logins ?? []);
  }

  /** Adds a login. Throws when the user is taken or malformed. @param password a fresh one when it is not given */
  addLogin(name: string, user: string, password?: string, cancelOnDisconnect = false): Login {
    const record = this.find(name);
    if (record === undefined) throw new Error(`there is no account '${name}'`);
    if (!/^[A-Z0-9]{1,6}$/.test(user)) throw new Error(`'${user}' is no user: 1 to 6 of A-Z and 0-9`);
    if (this.logins.some((login) => login.user === user)) throw new Error(`there is a user '${user}' already`);
    const secret = password ?? crypto.randomBytes(8).toString('base64url').replace(/[-_]/g, 'x').slice(0, 10);
    if (!/^[A-Za-z0-9]{1,10}$/.test(secret)) throw new Error('a password has 1 to 10 letters and digits');
    const number = 1 + Math.max(0, ...this.logins.map((login) => login.number));
    const login: Login = { user, password: secret, number, account: record.number, cancelOnDisconnect };
    record.logins = [...(record.logins ?? []), login];
    this.#save();
    for (const listener of this.onLogins) listener(this.logins);
    return login;
  }

  #index(): void {
    this.#byKey.clear();
    for (const account of this.#records) for (const key of account.keys) this.#byKey.set(key.key, { account, key });
  }

  #save(): void {
    const temporary = `${this.#file}.tmp`;
    const fd = fs.openSync(temporary, 'w', 0o600);
    fs.writeSync(fd, `${JSON.stringify(this.#records, null, 2)}\n`);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    fs.renameSync(temporary, this.#file);
    this.#index();
  }
}

/** Whether a key may be used from where a request comes. */
export function mayBeUsedFrom({ addresses }: ApiKey, address: string): boolean {
  return addresses === undefined || addresses.includes(plainAddress(address));
}

/** An address as people write it: IPv4 without the head that sockets for both versions give it. */
export function plainAddress(address = ''): string {
  return address.replace(/^::ffff:/, '');
}
