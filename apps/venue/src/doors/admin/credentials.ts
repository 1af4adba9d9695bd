/** The routes by which administrators add, rotate and revoke keys and logins. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Services } from '../../core/services.ts';
import { PERMISSIONS, type Permission } from '../../domain/credentials.ts';
import { documentAnswers } from '../http/answers.ts';
import { errors } from '../http/errors.ts';
import * as answers from './admin-answers.ts';
import { type Administration, note } from './administrator.ts';
import { type Body, bodyOf, text, whole } from './input.ts';

/** Longest time for which what was rotated still holds: a month. */
const LONGEST_OVERLAP_MS = 31 * 86_400_000;

type Params = Record<string, string>;

/** API keys, logins and the admin token: added, revoked, rotated, given another end. Each holds at once, at every door. */
export function addCredentialRoutes(server: FastifyInstance, services: Services, administration: Administration): void {
  const { accounts, adminToken } = services;
  const route = (
    method: 'POST' | 'DELETE',
    url: string,
    fields: readonly string[],
    summary: string,
    answer: TSchema,
    run: (body: Body, params: Params, request: FastifyRequest) => Promise<unknown>,
  ) =>
    server.route({
      method,
      url: `/outcry/v1/${url}`,
      ...administration,
      schema: { tags: ['Administration'], summary },
      config: { swaggerTransform: documentAnswers(answer) },
      handler: async (request) => run(bodyOf(request, fields), request.params as Params, request),
    });
  route(
    'POST',
    'accounts/:name/keys',
    ['publicKey', 'permission', 'addresses', 'validUntil'],
    'Add an API key; its secret is shown once',
    answers.madeKey,
    async (body, { name }, request) => {
      const made = await accounts.addKey(name, {
        publicKey: optionalText(body, 'publicKey'),
        permission: permissionOf(body),
        addresses: addressesOf(body),
        validUntil: timeOf(body),
      });
      note(request, { account: name, key: made.id });
      return made;
    },
  );
  route('DELETE', 'keys/:key', [], 'Revoke an API key, by its id or itself', answers.keyOf, async (_body, { key }, request) => {
    const id = await accounts.revokeKey(key);
    note(request, { key: id });
    return { id };
  });
  route(
    'POST',
    'keys/:key/rotate',
    ['overlapMs', 'publicKey', 'validUntil'],
    'Make another API key in place of one, which holds for overlapMs more',
    answers.madeKey,
    async (body, { key }, request) => {
      const made = await accounts.rotateKey(key, overlapOf(body), optionalText(body, 'publicKey'), timeOf(body));
      note(request, { key: made.id });
      return made;
    },
  );
  route(
    'POST',
    'keys/:key/expire',
    ['validUntil'],
    'End an API key at validUntil; null: not by itself',
    answers.keyEnd,
    async (body, { key }, request) => {
      const validUntil = endOf(body);
      const id = await accounts.expireKey(key, validUntil);
      note(request, { key: id, validUntil });
      return { id, validUntil };
    },
  );
  route(
    'POST',
    'accounts/:name/logins',
    ['user', 'password', 'cancelOnDisconnect', 'validUntil'],
    'Add a login; its password is shown once',
    answers.madeLogin,
    async (body, { name }, request) => {
      const { user, number, account, cancelOnDisconnect, password } = await accounts.addLogin(name, text(body, 'user'), {
        password: optionalText(body, 'password'),
        cancelOnDisconnect: flag(body, 'cancelOnDisconnect'),
        validUntil: timeOf(body),
      });
      note(request, { account: name, user });
      return { user, number, account, cancelOnDisconnect, password };
    },
  );
  route('DELETE', 'logins/:user', [], 'Revoke a login', answers.loginOf, async (_body, { user }, request) => {
    await accounts.revokeLogin(user);
    note(request, { user });
    return { user };
  });
  route(
    'POST',
    'logins/:user/rotate',
    ['overlapMs', 'password'],
    'Give a login another password; the old one holds for overlapMs more',
    answers.loginPassword,
    async (body, { user }, request) => {
      const password = await accounts.rotateLogin(user, overlapOf(body), optionalText(body, 'password'));
      note(request, { user });
      return { user, password };
    },
  );
  route(
    'POST',
    'logins/:user/expire',
    ['validUntil'],
    'End a login at validUntil; null: not by itself',
    answers.loginEnd,
    async (body, { user }, request) => {
      const validUntil = endOf(body);
      await accounts.expireLogin(user, validUntil);
      note(request, { user, validUntil });
      return { user, validUntil };
    },
  );
  route(
    'POST',
    'admin-token/rotate',
    ['overlapMs'],
    'Make another admin token; the old one holds for overlapMs more',
    answers.token,
    async (body) => ({
      token: await adminToken.rotate(overlapOf(body)),
    }),
  );
}

function optionalText(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value !== undefined && typeof value !== 'string') throw errors.illegal(name, 'a text');
  return value;
}

function flag(body: Body, name: string): boolean | undefined {
  const value = body[name];
  if (value !== undefined && typeof value !== 'boolean') throw errors.illegal(name, 'true or false');
  return value;
}

function permissionOf(body: Body): Permission | undefined {
  const permission = optionalText(body, 'permission');
  if (permission !== undefined && !PERMISSIONS.includes(permission as Permission))
    throw errors.illegal('permission', PERMISSIONS.join(', '));
  return permission as Permission | undefined;
}

function addressesOf({ addresses }: Body): string[] | undefined {
  if (addresses === undefined) return undefined;
  if (!Array.isArray(addresses) || !addresses.every((address) => typeof address === 'string'))
    throw errors.illegal('addresses', 'a list of IP addresses and networks');
  return addresses;
}

function overlapOf({ overlapMs = 0 }: Body): number {
  const overlap = whole('overlapMs', overlapMs);
  if (overlap < 0 || overlap > LONGEST_OVERLAP_MS) throw errors.illegal('overlapMs', `0 to ${LONGEST_OVERLAP_MS}`);
  return overlap;
}

/** `validUntil`, if it is sent. */
function timeOf({ validUntil }: Body): number | undefined {
  return validUntil === undefined || validUntil === null ? undefined : whole('validUntil', validUntil);
}

/** `validUntil`, which must be sent; null: undefined. */
function endOf(body: Body): number | undefined {
  if (body.validUntil === undefined) throw errors.missing('validUntil');
  return timeOf(body);
}
