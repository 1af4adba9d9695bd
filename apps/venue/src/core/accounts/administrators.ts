/** Who may administer the venue. */
import crypto from 'node:crypto';
import { LEAST_ADMIN_SECRET } from '../../domain/credentials.ts';
import type { Services } from '../services.ts';

type Holders = Pick<Services, 'accounts' | 'adminToken'>;

/** Who it is that holds a secret: the token's holder, or a key's. Undefined: nobody who administers. @param address where the request came from */
export function administratorOf({ accounts, adminToken }: Holders, secret: string, address: string): string | undefined {
  if (secret.length < LEAST_ADMIN_SECRET) return undefined;
  if (adminToken.is(secret)) return 'admin token';
  const given = Buffer.from(secret);
  for (const { id, key, kind, verifier } of accounts.adminKeys) {
    if (kind !== 'HMAC' || verifier.symmetricKeySize !== given.length) continue;
    if (!crypto.timingSafeEqual(verifier.export(), given)) continue;
    const holder = accounts.byKey(key);
    return holder === undefined || holder.key.addresses?.has(address) === false ? undefined : `key ${id}`;
  }
  return undefined;
}
