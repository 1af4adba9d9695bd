/** What administrators can have done, at every door that lets them in: accounts, funds, and the engine's commands. */
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import { REASON, REASON_NAMES } from '@outcry/market/reason';
import { textFault } from '@outcry/market/text';
import type { Asset, Market } from '../domain/market.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CommandFields } from '../spine/commands.ts';
import { JOURNAL_FAILED, JOURNAL_FULL } from '../spine/shared.ts';
import type { Outcome } from './orders/outcome.ts';
import type { Services } from './services.ts';

/** Who administers has no account of its own. */

/** Where the threads and doors stand. */
export function venueReport(services: Services) {
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
    ...Object.fromEntries(Object.entries(services.reports).map(([name, report]) => [name, report()])),
    ports: services.ports,
    open: Object.fromEntries(Object.entries(services.openCounts).map(([name, count]) => [name, count()])),
    latenciesNs: Object.fromEntries(Object.entries(services.latencies).map(([name, histogram]) => [name, histogram.summary()])),
    instruments: services.market.instruments.map((instrument) => instrument.symbol),
  };
}

/** Opens an account in the engine and gives it a name and an API key. Rejects with Refusal, or what Gateway.submit throws. @param keys instead of a fresh one */
export async function createAccount(services: Services, name: string, keys?: { key: string; secret: string }[]) {
  const { accounts } = services;
  const open = async (number: number) => {
    await administer(services, { head: commandHead(COMMAND.OPEN_ACCOUNT), account: number, text: name });
  };
  const { number } = await accounts.create(name, open);
  const made = [];
  for (const given of keys ?? [undefined]) made.push(await accounts.addKey(name, { given }));
  return { number, name, ...made[0] };
}

/**
 * Deposits an amount, or withdraws it when it begins with '-'. Rejects with Refusal, or what Gateway.submit throws.
 * @param reference of at most 40 bytes: sent again with the same amount, nothing more happens
 */
export async function fundAccount(services: Services, name: string, assetName: string, amount: string, reference?: string) {
  const account = services.accounts.named(name);
  const asset = assetNamed(services.market, assetName);
  const isWithdrawal = amount.startsWith('-');
  const units = readDecimal(() => asset.parse(isWithdrawal ? amount.slice(1) : amount));
  if (reference !== undefined && (typeof reference !== 'string' || textFault(reference) !== undefined)) {
    throw new Refusal('invalid', `A reference is a text of 1 to ${command.TEXT_BYTES} bytes, without control characters.`);
  }
  const head = commandHead(isWithdrawal ? COMMAND.WITHDRAW : COMMAND.DEPOSIT);
  await administer(services, {
    head,
    account: account.number,
    asset: asset.number,
    amount: units,
    text: reference,
  });
  const { available, held } = services.gateway.view.balance(account.number, asset.number);
  return { account: name, asset: asset.name, free: asset.format(available), locked: asset.format(held) };
}

/** Texts of reasons, by their codes. */
type Explained = Readonly<Record<number, string>>;

const EXPLAINED: Explained = {
  [REASON.INSUFFICIENT_BALANCE]: 'the account has less available',
  [REASON.REFERENCE_REUSED]: 'the reference came before, with another amount, asset or account',
};

/** Sends an administrator's command. Rejects with Refusal, with the engine's reason, or what Gateway.submit throws. */
export async function administer(services: Services, fields: CommandFields, explained: Explained = {}): Promise<Outcome> {
  const outcome = await services.gateway.submit(fields);
  if (outcome.reason === 0) return outcome;
  const why = explained[outcome.reason] ?? EXPLAINED[outcome.reason];
  throw new Refusal('refused', `Refused: ${REASON_NAMES[outcome.reason]}${why === undefined ? '' : `: ${why}`}.`);
}

/** Throws Refusal. */
export function assetNamed(market: Market, name: string): Asset {
  const asset = market.asset(name);
  if (asset === undefined) throw new Refusal('unknown', `There is no asset '${name}'.`);
  return asset;
}

/** Reads a decimal. Throws Refusal. */
export function readDecimal(read: () => number): number {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecimalError) throw new Refusal('invalid', error.message);
    throw error;
  }
}
