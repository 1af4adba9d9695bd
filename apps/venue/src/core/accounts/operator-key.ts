/** The operator's key: where it is kept, and what it seals. */
import crypto from 'node:crypto';
import path from 'node:path';
import { replaceFile } from '@outcry/journal/durable-file';
import { ConfigError } from '../../domain/config.ts';
import { hashOf, type KeptSecret, type SecretCheck } from '../../domain/secrets.ts';
import { readFileIfThere } from '../../spine/data-directory.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Where the key lies. @param given a file that the operator names */
export function operatorKeyFile(data: string, given = process.env.OUTCRY_OPERATOR_KEY_FILE): string {
  return given ?? path.join(data, 'operator.key');
}

/**
 * The operator's key, which the journal does not hold: it seals the secrets that must be read again (of HMAC keys), and goes into the hashes
 * of those that need not (passwords, tokens), since ten letters alone could be tried out.
 */
export class OperatorKey {
  /** Tells whether a journal was written with this key. */
  readonly fingerprint: string;
  readonly #sealing: Buffer;
  readonly #hashing: Buffer;

  private constructor(key: Buffer) {
    const derive = (purpose: string) => Buffer.from(crypto.hkdfSync('sha256', key, '', `outcry ${purpose}`, KEY_BYTES));
    this.fingerprint = derive('fingerprint').toString('hex', 0, 16);
    this.#sealing = derive('sealing');
    this.#hashing = derive('hashing');
  }

  /**
   * Reads the key, or makes one where there is none yet. Throws ConfigError, with what to do, when it is not the journal's.
   * @param given a file that the operator names; else it lies in the data directory
   * @param expected the fingerprint that the journal holds, undefined: no key was used yet
   */
  static open(data: string, given: string | undefined, expected: string | undefined): OperatorKey {
    const file = operatorKeyFile(data, given);
    const text = readIfThere(file);
    if (text === undefined) {
      if (expected !== undefined) throw new ConfigError(`there is no ${file}: ${REMEDY}`);
      if (given !== undefined) throw new ConfigError(`there is no ${file}: make it with 'openssl rand -hex 32 > ${file}', and keep a copy`);
      const made = crypto.randomBytes(KEY_BYTES);
      replaceFile(file, `${made.toString('hex')}\n`);
      return new OperatorKey(made);
    }
    if (!/^[0-9a-f]{64}\s*$/i.test(text)) {
      const remedy = expected === undefined ? 'nothing is sealed with it yet: remove it, and start again' : REMEDY;
      throw new ConfigError(`${file} is no operator's key: 64 hexadecimal digits, not ${text.trim().length} characters; ${remedy}`);
    }
    const key = new OperatorKey(Buffer.from(text.trim(), 'hex'));
    if (expected !== undefined && key.fingerprint !== expected)
      throw new ConfigError(`${file} is not the key that this journal's secrets are sealed with: ${REMEDY}`);
    return key;
  }

  /** Seals a secret. @param owner what it belongs to: it cannot be opened as another's */
  seal(secret: string, owner: string): string {
    const nonce = crypto.randomBytes(NONCE_BYTES);
    const cipher = crypto.createCipheriv(CIPHER, this.#sealing, nonce).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Opens what was sealed. Throws when it is another's, or was changed. */
  open(sealed: string, owner: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const [nonce, rest] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
    const decipher = crypto.createDecipheriv(CIPHER, this.#sealing, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
    decipher.setAuthTag(rest.subarray(0, TAG_BYTES));
    return decipher.update(rest.subarray(TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  keep(secret: string): KeptSecret {
    const salt = crypto.randomBytes(SALT_BYTES).toString('hex');
    return { salt, hash: hashOf(this.#saltedKey(salt), secret).toString('hex') };
  }

  /** What a secret is compared with. */
  check({ salt, hash }: KeptSecret): SecretCheck {
    return { key: this.#saltedKey(salt).toString('hex'), hash };
  }

  #saltedKey(salt: string): Buffer {
    return crypto.createHmac('sha256', this.#hashing).update(salt).digest();
  }
}

const REMEDY =
  'put the key back from a copy, or set its path (operatorKeyFile, or OUTCRY_OPERATOR_KEY_FILE). ' +
  'Without it no password and no API secret of this journal can be used again';

function readIfThere(file: string): string | undefined {
  try {
    return readFileIfThere(file);
  } catch (error) {
    throw new ConfigError(`the operator's key cannot be read: ${(error as Error).message}`);
  }
}
