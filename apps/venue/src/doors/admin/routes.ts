import { COMMAND, command, commandHead } from '@outcry/market/command';
import { REASON_NAMES } from '@outcry/market/reason';
import { textFault } from '@outcry/market/text';
import type { FastifyInstance } from 'fastify';
import { AccountError } from '../../domain/account-terms.ts';
import { type ApiKey, isValid, type Login } from '../../domain/credentials.ts';
import { JOURNAL_FAILED, JOURNAL_FULL } from '../../spine/shared.ts';
import { ApiError, errors } from '../binance/errors.ts';
import { type Services, submit } from '../binance/operation.ts';
import { administration, note } from './administrator.ts';
import { addCredentialRoutes, refuse } from './credentials.ts';
import { accountNamed, assetNamed, bodyOf, NOBODY, parse, text } from './input.ts';
import { addRuleRoutes } from './rules.ts';

export { isAdmin } from './administrator.ts';

/** Status for everybody; accounts and money for whoever holds the token. */
export function addAdminRoutes(server: FastifyInstance, services: Services): void {
  const guarded = administration(services);
  const admin = { ...guarded, schema: { tags: ['Administration'] } };
  server.get('/outcry/v1/status', { schema: { tags: ['Administration'], summary: 'Where the threads stand' } }, () => status(services));
  const memory = { schema: { tags: ['Administration'], summary: 'Pools, rings, pressure and suspected leaks' } };
  server.get('/outcry/v1/memory', memory, () => services.memory.report());
  server.get('/outcry/v1/accounts', admin, () => listAccounts(services));
  server.post('/outcry/v1/accounts', admin, async (request) => {
    const made = await createAccount(services, text(bodyOf(request, ['name']), 'name'));
    note(request, { account: made.name, key: made.id });
    return made;
  });
  server.post('/outcry/v1/accounts/:name/fund', admin, (request) => {
    const { name } = request.params as { name: string };
    const body = bodyOf(request, ['asset', 'amount', 'reference']);
    return fundAccount(services, name, text(body, 'asset'), text(body, 'amount'), body.reference as string | undefined);
  });
  addRuleRoutes(server, services, guarded);
  addCredentialRoutes(server, services, guarded);
  const clear = { ...admin, schema: { ...admin.schema, summary: 'Begin measuring latencies anew' } };
  server.delete('/outcry/v1/latencies', clear, () => {
    for (const histogram of Object.values(services.latencies)) histogram.clear();
    return {};
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
    store: shared.followerHeldUp ? 'failing' : 'ok',
    stateCheck: shared.diverged ? 'diverged' : 'equal',
    openOrders: gateway.view.orders.size,
    inFlight: gateway.inFlight,
    publishers: services.publishers.status(),
    history: services.history.status(),
    ports: services.ports,
    open: Object.fromEntries(Object.entries(services.open).map(([name, count]) => [name, count()])),
    latenciesNs: Object.fromEntries(Object.entries(services.latencies).map(([name, histogram]) => [name, histogram.summary()])),
    instruments: services.market.instruments.map((instrument) => instrument.symbol),
  };
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

/** Opens an account in the engine and gives it a name and an API key. Throws ApiError. @param keys instead of a fresh one */
export async function createAccount(services: Services, name: string, keys?: { key: string; secret: string }[]) {
  const { accounts } = services;
  const open = async (number: number) => {
    const outcome = await submit(services, NOBODY, { head: commandHead(COMMAND.OPEN_ACCOUNT), account: number, text: name });
    if (outcome.reason !== 0) throw new AccountError(400, `The account was refused: ${REASON_NAMES[outcome.reason]}.`);
  };
  const { number } = await accounts.create(name, open).catch(refuse);
  const made = [];
  for (const given of keys ?? [undefined]) made.push(await accounts.addKey(name, { given }).catch(refuse));
  return { number, name, ...made[0] };
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
  if (reference !== undefined && (typeof reference !== 'string' || textFault(reference) !== undefined)) {
    throw errors.illegal('reference', `a text of 1 to ${command.TEXT_BYTES} bytes, without control characters`);
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
