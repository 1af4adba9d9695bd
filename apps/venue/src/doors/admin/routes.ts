/** The administrator's routes over HTTP. */
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { createAccount, fundAccount, venueReport } from '../../core/administration.ts';
import type { Services } from '../../core/services.ts';
import { type ApiKey, isValid, type Login } from '../../domain/credentials.ts';
import { parseStrictly } from '../../domain/strict-json.ts';
import { documentAnswers, nothing } from '../http/answers.ts';
import { ApiError } from '../http/errors.ts';
import * as answers from './admin-answers.ts';
import { administration, note } from './administrator.ts';
import { addCredentialRoutes } from './credentials.ts';
import { bodyOf, text } from './input.ts';
import { addRuleRoutes } from './set-rules.ts';

/** Status for everybody; accounts and money for whoever holds the token. */
export function addAdminRoutes(server: FastifyInstance, services: Services): void {
  readJsonBodies(server);
  const guarded = administration(services);
  const documented = (summary: string, answer: TSchema) => ({
    schema: { tags: ['Administration'], summary },
    config: { swaggerTransform: documentAnswers(answer) },
  });
  server.get('/outcry/v1/status', documented('Where the threads stand', answers.status), () => venueReport(services));
  const memory = documented('Pools, rings, pressure and suspected leaks', answers.memory);
  server.get('/outcry/v1/memory', memory, () => services.memory.report());
  const all = documented('Accounts, their keys, logins and balances', answers.accounts);
  server.get('/outcry/v1/accounts', { ...guarded, ...all }, () => listAccounts(services));
  const create = documented("Open an account; its key's secret is shown once", answers.madeAccount);
  server.post('/outcry/v1/accounts', { ...guarded, ...create }, async (request) => {
    const made = await createAccount(services, text(bodyOf(request, ['name']), 'name'));
    note(request, { account: made.name, key: made.id });
    return made;
  });
  const fund = documented("Deposit an amount, or withdraw it when it begins with '-'", answers.balanceOf);
  server.post('/outcry/v1/accounts/:name/fund', { ...guarded, ...fund }, (request) => {
    const { name } = request.params as { name: string };
    const body = bodyOf(request, ['asset', 'amount', 'reference']);
    return fundAccount(services, name, text(body, 'asset'), text(body, 'amount'), body.reference as string | undefined);
  });
  addRuleRoutes(server, services, guarded);
  addCredentialRoutes(server, services, guarded);
  const clear = documented('Begin measuring latencies anew', nothing);
  server.delete('/outcry/v1/latencies', { ...guarded, ...clear }, () => {
    for (const histogram of Object.values(services.latencies)) histogram.clear();
    return {};
  });
}

/** Bodies of routes that take JSON: a key that is there twice is refused. */
export function readJsonBodies(server: FastifyInstance): void {
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => readBody(body as string, done));
}

/** A body without bytes is none, whatever its type. */
function readBody(text: string, done: (error: Error | null, body?: unknown) => void): void {
  if (text === '') return done(null, undefined);
  let body: unknown;
  try {
    body = parseStrictly(text);
  } catch (error) {
    return done(new ApiError(-1100, `Malformed request: ${(error as Error).message}`));
  }
  done(null, body);
}

function listAccounts(services: Services) {
  const { view } = services.gateway;
  return services.accounts.all.map(({ number, name, keys, logins }) => ({
    number,
    name,
    keys: keys.map(keyJson),
    logins: logins.map(loginJson),
    balances: services.market.assets
      .map((asset) => ({ asset, balance: view.balance(number, asset.number) }))
      .filter(({ balance }) => balance.available + balance.held > 0)
      .map(({ asset, balance }) => ({ asset: asset.name, free: asset.format(balance.available), locked: asset.format(balance.held) })),
  }));
}

function keyJson(key: ApiKey) {
  const { id, kind, permission, addresses, createdAt, validUntil } = key;
  const state = isValid(key, Date.now()) ? 'VALID' : 'EXPIRED';
  return { id, key: key.key, kind, permission, addresses: addresses?.entries ?? null, createdAt, validUntil: validUntil ?? null, state };
}

function loginJson(login: Login) {
  const { user, number, cancelOnDisconnect, passwords, validUntil } = login;
  const state = passwords.length === 0 ? 'REVOKED' : isValid(login, Date.now()) ? 'VALID' : 'EXPIRED';
  return { user, number, cancelOnDisconnect, validUntil: validUntil ?? null, state };
}
