/** The administrator's token: made at the first start, replaced on request. */
import crypto from 'node:crypto';
import path from 'node:path';
import { replaceFile } from '@outcry/journal/durable-file';
import { isValid, LEAST_ADMIN_SECRET, type Password } from '../../domain/credentials.ts';
import { isSecret, type KeptSecret } from '../../domain/secrets.ts';
import { readFileIfThere } from '../../spine/data-directory.ts';
import type { OperatorKey } from './operator-key.ts';
import type { Registry } from './registry.ts';

const TOKEN_BYTES = 32;
const RECORD = 'admin-token';

interface KeptToken extends KeptSecret {
  /** the one before it, while it holds */
  previous?: KeptSecret & { validUntil: number };
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

  private constructor(data: string, registry: Registry, operatorKey: OperatorKey) {
    this.#data = data;
    this.#registry = registry;
    this.#operatorKey = operatorKey;
    this.#take(registry.get(RECORD) as KeptToken | undefined);
    registry.onChange.push((name, value) => {
      if (name === RECORD) this.#take(value as KeptToken | undefined);
    });
  }

  /** Makes a token where the file has none that holds: it was lost, cut by a crash, or this is the first start. */
  static async open(data: string, registry: Registry, operatorKey: OperatorKey): Promise<AdminToken> {
    const token = new AdminToken(data, registry, operatorKey);
    if (!token.is(readFileIfThere(adminTokenFile(data))?.trim() ?? '')) await token.rotate(0);
    return token;
  }

  /** Whether somebody has the token. */
  is(given: string): boolean {
    if (given.length < LEAST_ADMIN_SECRET) return false;
    return this.#accepted.some((kept) => isSecret(kept, given) && isValid(kept, Date.now()));
  }

  /** Makes another token, and puts it into the file. @param overlapMs the old one holds for so long @returns the new one */
  async rotate(overlapMs: number): Promise<string> {
    const made = crypto.randomBytes(TOKEN_BYTES).toString('hex');
    const before = this.#registry.get(RECORD) as KeptToken | undefined;
    const keepsOld = overlapMs > 0 && before !== undefined;
    await this.#registry.put(RECORD, {
      ...this.#operatorKey.keep(made),
      ...(keepsOld && { previous: { salt: before.salt, hash: before.hash, validUntil: Date.now() + overlapMs } }),
    } satisfies KeptToken);
    // If the venue ends here, the file's token holds no more, and the next start makes another.
    replaceFile(adminTokenFile(this.#data), made);
    return made;
  }

  #take(kept: KeptToken | undefined): void {
    const all = kept === undefined ? [] : [kept, ...(kept.previous === undefined ? [] : [kept.previous])];
    this.#accepted = all.map((one) => ({ ...this.#operatorKey.check(one), validUntil: (one as KeptToken['previous'])?.validUntil }));
  }
}
