/** The administrator's token: made at the first start, replaced on request. */
import crypto from 'node:crypto';
import path from 'node:path';
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
    const inFile = readFileIfThere(adminTokenFile(data))?.trim() ?? '';
    if (!token.is(inFile)) await token.rotate(0);
    else await token.#keepOnly(inFile);
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
    const made = crypto.randomBytes(TOKEN_BYTES).toString('hex');
    const before = this.#registry.get(RECORD) as KeptToken | undefined;
    const kept = this.#operatorKey.keep(made);
    const old = before && { salt: before.salt, hash: before.hash };
    const staged = stageFile(adminTokenFile(this.#data), [Buffer.from(made)]);
    try {
      await this.#registry.put(RECORD, { ...kept, previous: old } satisfies KeptToken);
    } catch (error) {
      staged.discard();
      throw error;
    }
    try {
      staged.replace();
    } catch (error) {
      if (before !== undefined && !this.#isInFile(made)) await this.#registry.put(RECORD, before);
      throw error;
    }
    if (old !== undefined) {
      const previous = overlapMs > 0 ? { ...old, validUntil: Date.now() + overlapMs } : undefined;
      await this.#registry.put(RECORD, { ...kept, previous } satisfies KeptToken);
    }
    return made;
  }

  #isInFile(token: string): boolean {
    return readFileIfThere(adminTokenFile(this.#data))?.trim() === token;
  }

  /** After a rotation that did not end: the token in the file is the only one from now on. */
  async #keepOnly(inFile: string): Promise<void> {
    const { previous, ...last } = this.#registry.get(RECORD) as KeptToken;
    if (previous === undefined || previous.validUntil !== undefined) return;
    const isLast = isSecret(this.#operatorKey.check(last), inFile);
    await this.#registry.put(RECORD, isLast ? last : { salt: previous.salt, hash: previous.hash });
  }

  #take(kept: KeptToken | undefined): void {
    const all = kept === undefined ? [] : [kept, ...(kept.previous === undefined ? [] : [kept.previous])];
    this.#accepted = all.map((one) => ({ ...this.#operatorKey.check(one), validUntil: (one as KeptToken['previous'])?.validUntil }));
  }
}
