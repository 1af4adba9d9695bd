/** The public keys that clients sign with. */
import crypto, { type KeyObject } from 'node:crypto';

const SHAPE = /^\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----\s*$/;
const LONGEST = 4096;
/** Bytes of a public key of Ed25519 at the end of its SubjectPublicKeyInfo (RFC 8410). */
const POINT_BYTES = 32;

/**
 * Points of a small order, without the sign's bit, also as they are written past the field's size: under such a key one signature fits
 * many messages.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/** Reads the public key that somebody will sign with: Ed25519, as PEM. Throws, in words, for anything else; what was sent goes nowhere. */
export function readPublicKey(pem: string): KeyObject {
  if (isPrivateKey(pem)) throw new Error('this is a private key, which nobody else may see: give the public one');
  const [, text] = (pem.length > LONGEST ? undefined : SHAPE.exec(pem)) ?? [];
  if (text === undefined) throw new Error('not one public key in PEM (BEGIN PUBLIC KEY)');
  const key = parse(text);
  if (key.type !== 'public' || key.asymmetricKeyType !== 'ed25519')
    throw new Error(`keys of type ${key.asymmetricKeyType} are not taken: Ed25519 only`);
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-POINT_BYTES);
  point[POINT_BYTES - 1] &= 0x7f;
  if (SMALL_ORDER.has(point.toString('hex'))) throw new Error('this is a point of a small order, and no key: anybody could sign for it');
  return key;
}

/** Whether somebody took his private key for the public one. */
export function isPrivateKey(pem: string): boolean {
  return /PRIVATE KEY/.test(pem);
}

function parse(base64: string): KeyObject {
  try {
    return crypto.createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    throw new Error('the public key cannot be read');
  }
}

/** A public key in PEM, written in one way. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}
