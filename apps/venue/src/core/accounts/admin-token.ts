/** The administrator's token: made at the first start, replaced on request. */
import crypto from 'node:crypto';
import path from 'node:path';
import { realDisk } from '@outcry/journal/disk';
import { stageFile } from '@outcry/journal/durable-file';
import { isValid, LEAST_ADMIN_SECRET, type Password } from '../../domain/credentials.ts';
import { isSecret, type KeptSecret } from '../../domain/secrets.ts';
import { readFileIfThere } from '../../spine/data-directory.ts';
import type { OperatorKey } from './operator-key.ts';
import type { Registry } from './registry.ts';

const TOKEN_BYTES = 32;
const RECORD = 'admin-token';

interface KeptToken extends KeptSecret {
  /** the one before it, while it holds; without an end: a rotation is under way, and either may be in the file */
  previous?: KeptSecret & { validUntil?: number };
}

/** Where the `outcry` command finds the token. The venue itself never compares with it. */
export function adminTokenFile(data: string): string {
  return path.join(data, 'admin.token');
}

/** The secret that opens the venue to its operator. The journal holds its hash; a file in the data directory, the token. */
export class AdminToken {
  readonly #data: string;
  readonly #registry: Registry;
  readonly #operatorKey: OperatorKey;
  #accepted: readonly Password[] = [];
  /** when the token before the last one ends, where the journal does not say it (yet) */
  #previousUntil: number | undefined;
  #lastRotation: Promise<unknown> = Promise.resolve();

  private constructor(data: string, registry: Registry, operatorKey: OperatorKey) {
    this.#data = data;
    this.#registry = registry;
    this.#operatorKey = operatorKey;
    this.#take(registry.get(RECORD) as KeptToken | undefined);
    registry.onChange.push((name, value) => {
      if (name === RECORD) this.#take(value as KeptToken | undefined);
    });
  }

  /** Makes a token where the file has none that holds: it was lost, or this is the first start. Ends a rotation that a crash cut short. */
  static async open(data: string, registry: Registry, operatorKey: OperatorKey): Promise<AdminToken> {
    const token = new AdminToken(data, registry, operatorKey);
    if (!token.is(token.#inFile())) await token.rotate(0);
    else await token.#settle();
    return token;
  }

  /** Whether somebody has the token. */
  is(given: string): boolean {
    if (given.length < LEAST_ADMIN_SECRET) return false;
    return this.#accepted.some((kept) => isSecret(kept, given) && isValid(kept, Date.now()));
  }

  /**
   * Makes another token, and puts it into the file. At each moment, also after a crash, the token in the file holds: a failure that leaves
   * the old token in the file leaves it in force. Rejects when the file cannot be written, or the journal cannot take the change.
   * @param overlapMs the old one holds for so long @returns the new one
   */
  rotate(overlapMs: number): Promise<string> {
    const done = this.#lastRotation.then(() => this.#rotate(overlapMs));
    this.#lastRotation = done.catch(() => undefined); // told to whoever asked for it
    return done;
  }

  async #rotate(overlapMs: number): Promise<string> {
    await this.#settle();
    const made = crypto.randomBytes(TOKEN_BYTES).toString('hex');
    const before = this.#registry.get(RECORD) as KeptToken | undefined;
    const kept = this.#operatorKey.keep(made);
    const old = before && { salt: before.salt, hash: before.hash };
    const staged = stageFile(adminTokenFile(this.#data), [Buffer.from(made)]);
    this.#previousUntil = undefined;
    try {
      await this.#registry.put(RECORD, { ...kept, previous: old } satisfies KeptToken);
    } catch (error) {
      staged.discard();
      throw error;
    }
    try {
      staged.replace();
    } catch (error) {
      await this.#takeBack(made, before).catch(() => undefined); // then the next rotation does it, or the next start
      throw error;
    }
    if (old !== undefined) await this.#endPrevious(kept, old, Date.now() + overlapMs);
    return made;
  }

  /** Ends the token before the last one at a time, also where the journal does not take that: then it ends here, and at the next start. */
  async #endPrevious(kept: KeptSecret, old: KeptSecret, validUntil: number): Promise<void> {
    this.#previousUntil = validUntil;
    this.#take(this.#registry.get(RECORD) as KeptToken);
    const previous = validUntil > Date.now() ? { ...old, validUntil } : undefined;
    await this.#registry.put(RECORD, { ...kept, previous } satisfies KeptToken).catch(() => undefined);
  }

  /** A token did not get into the file, as far as that says: it does not hold. */
  async #takeBack(made: string, before: KeptToken | undefined): Promise<void> {
    if (before !== undefined && this.#inFile() !== made) await this.#registry.put(RECORD, before);
  }

  #inFile(): string {
    return readFileIfThere(adminTokenFile(this.#data))?.trim() ?? '';
  }

  /** After a rotation that did not end: the token in the file is the only one from now on, once it is surely there. */
  async #settle(): Promise<void> {
    const record = this.#registry.get(RECORD) as KeptToken | undefined;
    if (record?.previous === undefined || record.previous.validUntil !== undefined) return;
    realDisk.syncDirectory(this.#data);
    const inFile = this.#inFile();
    const { previous, ...last } = record;
    const kept = [last, { salt: previous.salt, hash: previous.hash }].find((one) => isSecret(this.#operatorKey.check(one), inFile));
    if (kept !== undefined) await this.#registry.put(RECORD, kept);
  }

  /** When a token ends, undefined: not by itself. */
  #endOf(one: NonNullable<KeptToken['previous']>, kept: KeptToken | undefined): number | undefined {
    return one === kept?.previous ? (one.validUntil ?? this.#previousUntil) : undefined;
  }

  #take(kept: KeptToken | undefined): void {
    const all = kept === undefined ? [] : [kept, ...(kept.previous === undefined ? [] : [kept.previous])];
    this.#accepted = all.map((one) => ({ ...this.#operatorKey.check(one), validUntil: this.#endOf(one, kept) }));
  }
}
