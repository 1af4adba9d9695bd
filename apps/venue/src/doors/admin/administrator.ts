import crypto from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LEAST_ADMIN_SECRET } from '../../domain/credentials.ts';
import { errors } from '../binance/errors.ts';
import type { Services } from '../binance/operation.ts';

/** Who may administer, and the log of what he changed. */
export interface Administration {
  readonly onRequest: (request: FastifyRequest) => Promise<void>;
  readonly onResponse: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/** By request: who administers, and what there is to say of it. */
const changes = new WeakMap<FastifyRequest, Record<string, unknown>>();

/** Adds to what the log says of a change. No secrets. */
export function note(request: FastifyRequest, details: Record<string, unknown>): void {
  Object.assign(changes.get(request) ?? {}, details);
}

/** Lets administrators pass, and writes a line for each change that they made or tried to make. */
export function administration(services: Services): Administration {
  return {
    onRequest: async (request) => {
      const by = administratorOf(services, String(request.headers['x-outcry-admin'] ?? ''), request.ip);
      if (by === undefined) throw errors.badKey();
      changes.set(request, { by });
    },
    onResponse: async (request, reply) => {
      const change = changes.get(request);
      if (change === undefined || request.method === 'GET') return;
      const audit = `${request.method} ${request.routeOptions.url}`;
      services.log.info({ audit, ...change, from: request.ip, status: reply.statusCode }, 'administration');
    },
  };
}

/** Whether somebody may administer: by the token, or by the secret of a key that may. @param address where the request came from */
export function isAdmin(services: Services, secret: string, address: string): boolean {
  return administratorOf(services, secret, address) !== undefined;
}

/** Who it is: the token's holder, or a key's. */
function administratorOf({ accounts, adminToken }: Services, secret: string, address: string): string | undefined {
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
