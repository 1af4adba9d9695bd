/** The routes by which administrators set states, rules and fee tiers, transfer, and cancel all. */
import { COMMAND, commandHead } from '@outcry/market/command';
import { REASON } from '@outcry/market/reason';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { PERMISSION, TRADING_STATE } from '@outcry/market/states';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import type { AccountRecord } from '../../core/accounts/accounts.ts';
import { administer, assetNamed, readDecimal } from '../../core/administration.ts';
import { setState } from '../../core/clock.ts';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import { type CommandFields, massCancel } from '../../spine/commands.ts';
import { documentAnswers } from '../http/answers.ts';
import { ApiError, errors } from '../http/errors.ts';
import { session, sessionJson } from '../http/session-json.ts';
import * as answers from './admin-answers.ts';
import type { Administration } from './administrator.ts';
import { type Body, bodyOf, code, decimal, instrumentNamed, named, text, whole, word } from './input.ts';
import { ruleNamed, rulesJson, ruleValue } from './rule-values.ts';

/** States, rules, transfers, tiers and the kill switch, for administrators. */
export function addRuleRoutes(server: FastifyInstance, services: Services, administration: Administration): void {
  const route = (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    fields: readonly string[] | undefined,
    summary: string,
    answer: TSchema,
    run: (body: Body, params: Record<string, string>) => unknown,
  ) =>
    server.route({
      method,
      url,
      ...administration,
      schema: { tags: ['Administration'], summary },
      config: { swaggerTransform: documentAnswers(answer) },
      handler: (request) => run(bodyOf(request, fields), request.params as Record<string, string>),
    });
  route('POST', '/outcry/v1/instruments/:symbol/state', ['state', 'referencePrice'], 'Set the trading state', session, (body, { symbol }) =>
    changeState(services, instrumentNamed(services, symbol), body),
  );
  route('GET', '/outcry/v1/instruments/:symbol/rules', [], "An instrument's rules in force", answers.rules, (_body, { symbol }) => {
    const instrument = instrumentNamed(services, symbol);
    return { symbol: instrument.symbol, rules: rulesJson(services, instrument) };
  });
  route('POST', '/outcry/v1/instruments/:symbol/rules', undefined, "Set an instrument's rules", answers.setRules, (body, { symbol }) =>
    setInstrumentRules(services, instrumentNamed(services, symbol), body),
  );
  route('POST', '/outcry/v1/accounts/:name/rules', undefined, "Set an account's rules", answers.setAccountRules, (body, { name }) =>
    setAccountRules(services, services.accounts.named(name), body),
  );
  route(
    'POST',
    '/outcry/v1/accounts/:name/transfer',
    ['to', 'asset', 'amount'],
    'Move money to an account of the same family',
    answers.moved,
    (body, { name }) => transfer(services, services.accounts.named(name), body),
  );
  route('POST', '/outcry/v1/fee-tiers/:tier', ['makerFeePpm', 'takerFeePpm'], 'Define a fee tier', answers.tier, (body, { tier }) =>
    defineTier(services, tierOf(tier), body),
  );
  route(
    'DELETE',
    '/outcry/v1/orders',
    ['account', 'symbol', 'side', 'all'],
    'Cancel open orders of an account, an instrument, a side; with `all: true`, of everybody',
    answers.cancelled,
    (body) => cancelOrders(services, body),
  );
  route(
    'POST',
    '/outcry/v1/accounts/:name/kill',
    [],
    'Cancel all of an account, and let it enter nothing',
    answers.killed,
    async (_body, { name }) => {
      const account = services.accounts.named(name);
      await administer(services, accountRule(account.number, ACCOUNT_RULE.STATUS, PERMISSION.CANCEL_ONLY));
      await administer(services, massCancel(account.number));
      return { account: name, status: 'CANCEL_ONLY' };
    },
  );
}

async function changeState(services: Services, instrument: Instrument, body: Body) {
  const state = code(TRADING_STATE, 'state', body.state);
  const reference = body.referencePrice === undefined ? 0 : readDecimal(() => instrument.parsePrice(text(body, 'referencePrice')));
  await administer(services, setState(instrument.number, state, reference));
  return sessionJson(services.feeds[instrument.number]);
}

/** All of it, or, where something is wrong, nothing. */
async function setInstrumentRules(services: Services, instrument: Instrument, body: Body) {
  const commands = Object.entries(body).map(([sent, value]) => {
    const name = ruleNamed(sent);
    const amount = ruleValue(services, instrument, name, value);
    return { head: commandHead(COMMAND.SET_INSTRUMENT_RULE), instrument: instrument.number, asset: INSTRUMENT_RULE[name], amount };
  });
  for (const command of commands) await administer(services, command);
  return { symbol: instrument.symbol, ...body };
}

/** As {@link setInstrumentRules}. */
async function setAccountRules(services: Services, account: AccountRecord, body: Body) {
  const commands = Object.entries(body).flatMap(([name, value]) => {
    const rule = code(ACCOUNT_RULE, 'rule', name);
    if (name !== 'MAX_POSITION') return [accountRule(account.number, rule, accountRuleValue(services, name, value))];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw errors.illegal(name, 'amounts by the names of assets');
    return Object.entries(value).map(([assetName, amount]) => {
      const asset = assetNamed(services.market, assetName);
      const units = amount === null ? 0 : readDecimal(() => asset.parse(decimal(assetName, amount)));
      return { ...accountRule(account.number, rule, units), asset: asset.number };
    });
  });
  for (const command of commands) await administer(services, command);
  return { account: account.name, ...body };
}

function accountRuleValue(services: Services, name: string, value: unknown): number {
  if (name === 'STATUS') return code(PERMISSION, name, value);
  if (name === 'PARENT') return value === null ? 0 : services.accounts.named(named(name, value)).number + 1;
  if (name === 'THIRD_ASSET_FEES' && typeof value === 'boolean') return value ? 1 : 0;
  return whole(name, value);
}

function accountRule(account: number, rule: number, amount: number): CommandFields {
  return { head: commandHead(COMMAND.SET_ACCOUNT_RULE), account, slot: rule, amount };
}

async function transfer(services: Services, from: AccountRecord, body: Body) {
  const to = services.accounts.named(text(body, 'to'));
  const asset = assetNamed(services.market, text(body, 'asset'));
  const amount = readDecimal(() => asset.parse(text(body, 'amount')));
  const fields = { head: commandHead(COMMAND.TRANSFER), account: from.number, slot: to.number, asset: asset.number, amount };
  const why =
    from === to
      ? 'from and to are the same account'
      : `${from.name} and ${to.name} are not of one family: one must be the PARENT of the other, or both have the same (accounts/NAME/rules)`;
  await administer(services, fields, { [REASON.UNKNOWN_ACCOUNT]: why });
  return { from: from.name, to: to.name, asset: asset.name, amount: asset.format(amount) };
}

function tierOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw errors.illegal('tier', 'the number of a tier, from 1');
  return Number(text);
}

async function defineTier(services: Services, tier: number, body: Body) {
  const [price, quantity] = [word('makerFeePpm', body.makerFeePpm), word('takerFeePpm', body.takerFeePpm)];
  await administer(services, { head: commandHead(COMMAND.DEFINE_FEE_TIER), account: tier, price, quantity });
  return { tier, makerFeePpm: price, takerFeePpm: quantity };
}

async function cancelOrders(services: Services, body: Body) {
  const isSome = ['account', 'symbol', 'side'].some((name) => body[name] !== undefined);
  if (isSome ? body.all !== undefined : body.all !== true)
    throw errors.illegal('all', 'account, symbol or side, or all: true for all orders of everybody');
  const account = body.account === undefined ? -1 : services.accounts.named(text(body, 'account')).number;
  const instrument = body.symbol === undefined ? -1 : instrumentNamed(services, text(body, 'symbol')).number;
  const side = body.side === undefined ? -1 : ['BUY', 'SELL'].indexOf(text(body, 'side'));
  if (body.side !== undefined && side < 0) throw new ApiError(-1117, 'Invalid side.');
  const { endedCount } = await administer(services, massCancel(account, instrument, side));
  return { cancelled: endedCount };
}
