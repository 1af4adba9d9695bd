import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { REASON_NAMES } from '@outcry/market/reason';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError, errors } from '../binance/errors.ts';
import { type Services, submit } from '../binance/operation.ts';
import { mayBeUsedFrom, PERMISSIONS, type Permission } from '../core/accounts.ts';
import { JOURNAL_FAILED, JOURNAL_FULL } from '../threads/shared.ts';
import { accountNamed, assetNamed, bodyOf, NOBODY, parse, text } from './input.ts';
import { addRuleRoutes } from './rules.ts';

/** The secret in the data directory that lets the `outcry` command speak to a running venue. */
export function adminToken(data: string): string {
  const file = path.join(data, 'admin.token');
  if (!fs.existsSync(file)) fs.writeFileSync(file, crypto.randomBytes(32).toString('hex'), { mode: 0o600 });
  return fs.readFileSync(file, 'utf8').trim();
}

/** Status for everybody; accounts and money for whoever holds the token. */
export function addAdminRoutes(server: FastifyInstance, services: Services): void {
  adminToken(services.config.data); // made now, for the operator to find
  const guard = async (request: FastifyRequest) => {
    if (!isAdmin(services, String(request.headers['x-outcry-admin'] ?? ''), request.ip)) throw errors.badKey();
  };
  const admin = { onRequest: guard, schema: { tags: ['Administration'] } };
  server.get('/outcry/v1/status', { schema: { tags: ['Administration'], summary: 'Where the threads stand' } }, () => status(services));
  const memory = { schema: { tags: ['Administration'], summary: 'Pools, rings, pressure and suspected leaks' } };
  server.get('/outcry/v1/memory', memory, () => services.memory.report());
  server.get('/outcry/v1/accounts', admin, () => listAccounts(services));
  server.post('/outcry/v1/accounts', admin, (request) => createAccount(services, text(bodyOf(request), 'name')));
  server.post('/outcry/v1/accounts/:name/fund', admin, (request) => {
    const { name } = request.params as { name: string };
    const body = bodyOf(request);
    return fundAccount(services, name, text(body, 'asset'), text(body, 'amount'), body.reference as string | undefined);
  });
  addRuleRoutes(server, services, guard);
  const clear = { ...admin, schema: { ...admin.schema, summary: 'Begin measuring latencies anew' } };
  server.delete('/outcry/v1/latencies', clear, () => {
    for (const histogram of Object.values(services.latencies)) histogram.clear();
    return {};
  });
  server.post('/outcry/v1/accounts/:name/logins', admin, (request) => {
    const { name } = request.params as { name: string };
    const { password, cancelOnDisconnect } = bodyOf(request) as { password?: string; cancelOnDisconnect?: boolean };
    accountNamed(services, name);
    try {
      return services.accounts.addLogin(name, text(bodyOf(request), 'user'), password, cancelOnDisconnect === true);
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(-1100, (error as Error).message);
    }
  });
  server.post('/outcry/v1/accounts/:name/keys', admin, (request) => {
    const { name } = request.params as { name: string };
    const { publicKey, permission, addresses } = bodyOf(request) as {
      publicKey?: string;
      permission?: Permission;
      addresses?: string[];
    };
    if (permission !== undefined && !PERMISSIONS.includes(permission)) throw errors.illegal('permission', PERMISSIONS.join(', '));
    if (addresses !== undefined && !(Array.isArray(addresses) && addresses.every((a) => net.isIP(a) !== 0))) {
      throw errors.illegal('addresses', 'a list of IP addresses');
    }
    accountNamed(services, name);
    try {
      return services.accounts.addKey(name, publicKey, permission, addresses);
    } catch (error) {
      throw new ApiError(-1100, `The public key cannot be read: ${(error as Error).message}`);
    }
  });
}

/** Whether somebody may administer: by the token, or by the secret of a key that may. @param address where the request came from */
export function isAdmin(services: Services, secret: string, address: string): boolean {
  const given = Buffer.from(secret);
  const expected = Buffer.from(adminToken(services.config.data));
  const isToken = given.length === expected.length && crypto.timingSafeEqual(given, expected);
  return isToken || isAdminSecret(services, given, address);
}

/** Whether it is the secret of a key that may administer, from where it may be used. */
function isAdminSecret(services: Services, given: Buffer, address: string): boolean {
  const keys = services.accounts.all.flatMap((account) => account.keys).filter(({ permission }) => permission === 'ADMIN');
  return keys.some((key) => {
    const expected = Buffer.from(key.secret ?? '');
    return (
      mayBeUsedFrom(key, address) && expected.length > 0 && given.length === expected.length && crypto.timingSafeEqual(given, expected)
    );
  });
}

export function status(services: Services) {
  const { shared, gateway } = services;
  const durable = shared.durable.read();
  const stored = shared.stored.read();
  const { journalState } = shared;
  const journal = journalState === JOURNAL_FAILED ? 'failed' : journalState === JOURNAL_FULL ? 'full' : 'ok';
  return {
    journal,
    durableSequence: durable,
    followerSequence: shared.followed.read(),
    storedSequence: stored,
    storeLag: Math.max(0, durable - stored),
    store: shared.storeFailing ? 'failing' : 'ok',
    stateCheck: shared.diverged ? 'diverged' : 'equal',
    openOrders: gateway.view.orders.size,
    inFlight: gateway.inFlight,
    publishers: services.publishers.status(),
    history: services.history.status(),
    ports: services.ports,
    latenciesNs: Object.fromEntries(Object.entries(services.latencies).map(([name, histogram]) => [name, histogram.summary()])),
    instruments: services.market.instruments.map((instrument) => instrument.symbol),
  };
}

function listAccounts(services: Services) {
  const { view } = services.gateway;
  return services.accounts.all.map(({ number, name, keys }) => ({
    number,
    name,
    keys: keys.map(({ key, publicKey }) => ({ key, kind: publicKey === undefined ? 'HMAC' : 'Ed25519' })),
    balances: services.market.assets
      .map((asset) => ({ asset, balance: view.balance(number, asset.number) }))
      .filter(({ balance }) => balance.available + balance.held > 0)
      .map(({ asset, balance }) => ({ asset: asset.name, free: asset.format(balance.available), locked: asset.format(balance.held) })),
  }));
}

/** Opens an account in the engine and gives it a name and an API key. Throws ApiError. */
export async function createAccount(services: Services, name: string, keys?: { key: string; secret: string }[]) {
  if (services.accounts.find(name) !== undefined) throw new ApiError(-1100, `There is an account '${name}' already.`, 409);
  const number = services.accounts.all.length;
  const outcome = await submit(services, NOBODY, { head: commandHead(COMMAND.OPEN_ACCOUNT), account: number, text: name });
  if (outcome.reason !== 0) throw new ApiError(-1100, `The account was refused: ${REASON_NAMES[outcome.reason]}.`);
  let record: ReturnType<Services['accounts']['create']>;
  try {
    record = services.accounts.create(name, keys ?? []);
  } catch (error) {
    throw new ApiError(-1100, (error as Error).message);
  }
  const key = keys?.[0] ?? services.accounts.addKey(name);
  return { number: record.number, name, ...key };
}

/**
 * Deposits an amount, or withdraws it when it begins with '-'. Throws ApiError.
 * @param reference of at most 40 bytes: sent again with the same amount, nothing more happens
 */
export async function fundAccount(services: Services, name: string, assetName: string, amount: string, reference?: string) {
  const account = accountNamed(services, name);
  const asset = assetNamed(services, assetName);
  const isWithdrawal = amount.startsWith('-');
  const units = parse(() => asset.parse(isWithdrawal ? amount.slice(1) : amount));
  if (reference !== undefined && (typeof reference !== 'string' || Buffer.byteLength(reference) > command.TEXT_BYTES)) {
    throw errors.illegal('reference', `a text of at most ${command.TEXT_BYTES} bytes`);
  }
  const head = commandHead(isWithdrawal ? COMMAND.WITHDRAW : COMMAND.DEPOSIT);
  const outcome = await submit(services, NOBODY, {
    head,
    account: account.number,
    asset: asset.number,
    amount: units,
    text: reference,
  });
  if (outcome.reason !== 0) throw new ApiError(-2010, `Refused: ${REASON_NAMES[outcome.reason]}.`);
  const { available, held } = services.gateway.view.balance(account.number, asset.number);
  return { account: name, asset: asset.name, free: asset.format(available), locked: asset.format(held) };
}
