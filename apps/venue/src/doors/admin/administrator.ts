/** Lets administrators in over HTTP, and keeps a log of what they change. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { administratorOf } from '../../core/accounts/administrators.ts';
import type { Services } from '../../core/services.ts';
import { errors } from '../http/errors.ts';

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
      // Nothing of it would be read: an account that is named there is not meant less than one in the body.
      if (request.url.includes('?')) throw errors.illegal('query', 'nothing is read here: what is meant goes into the body, as JSON');
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
