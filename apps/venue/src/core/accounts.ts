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

export interface AccountRecord {
  number: number;
  name: string;
  keys: ApiKey[];
}

/** Names and API keys of accounts: a JSON file of mode 600 in the data directory, replaced as a whole. Balances are the engine's. */
export class Accounts {
  readonly #file: string;
  #records: AccountRecord[] = [];
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
