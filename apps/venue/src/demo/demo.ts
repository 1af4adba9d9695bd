/** The demo: accounts with money, and makers and takers that trade. */
import type { Logger } from 'pino';
import { LogIns } from '../core/accounts/log-ins.ts';
import { createAccount, fundAccount } from '../core/administration.ts';
import type { Services } from '../core/services.ts';
import type { Venue } from '../venue.ts';
import { DemoFlow } from './flow.ts';

const SEED = 20_240_809;
/** The record that says that the accounts were given their money. */
const FUNDED = 'demo-funded';
const CLIENTS = ['alice', 'bob'];
const MAKERS = ['maker-1', 'maker-2'];
const TAKER = 'flow';
const CLIENT_FUNDS = { USDT: '1000000', BTC: '100', ETH: '1000' };
const MARKET_FUNDS = { USDT: '20000000', BTC: '2000', ETH: '50000' };

/** Gives a fresh demo venue its accounts and their money, once per data directory, and starts its order flow. */
export async function startDemo(venue: Venue, withFlow: boolean, log: Logger): Promise<{ stop(): void }> {
  const { services } = venue;
  for (const name of CLIENTS) await open(services, name, [{ key: name, secret: `${name}-secret` }]);
  for (const name of [...MAKERS, TAKER]) await open(services, name, []);
  for (const name of CLIENTS) {
    const { logins } = services.accounts.find(name)!;
    if (logins.length === 0) await services.accounts.addLogin(name, userOf(name), { password: passwordOf(name) });
  }
  if (services.registry.get(FUNDED) === undefined) {
    for (const name of CLIENTS) await fund(services, name, CLIENT_FUNDS);
    for (const name of [...MAKERS, TAKER]) await fund(services, name, MARKET_FUNDS);
    await services.registry.put(FUNDED, {});
  }
  if (!withFlow) return { stop: () => undefined };
  const number = (name: string) => services.accounts.find(name)!.number;
  return new DemoFlow(services, MAKERS.map(number), number(TAKER), SEED, log);
}

const userOf = (name: string) => name.toUpperCase();
const passwordOf = (name: string) => `${name}pass`;

/** What a client of the demo may sign in with, in words: an operator may have ended what it began with. */
export function demoCredentials({ accounts }: Services, name: string): string {
  const gone = 'changed since the first start';
  const hasKey = accounts.byKey(name) !== undefined;
  const hasLogin = new LogIns(accounts.logins).check(userOf(name), passwordOf(name), '127.0.0.1') !== undefined;
  const key = hasKey ? `API key "${name}", secret "${name}-secret"` : `API key ${gone}`;
  return `${key}; OUCH, FIX and gRPC: ${hasLogin ? `${userOf(name)}, ${passwordOf(name)}` : `password ${gone}`}`;
}

async function open(services: Services, name: string, keys: { key: string; secret: string }[]): Promise<void> {
  if (services.accounts.find(name) === undefined) await createAccount(services, name, keys);
}

/** Skips what an interrupted first start has already deposited. */
async function fund(services: Services, name: string, funds: Record<string, string>): Promise<void> {
  const account = services.accounts.find(name)!;
  for (const [asset, amount] of Object.entries(funds)) {
    const { available, held } = services.gateway.view.balance(account.number, services.market.asset(asset)!.number);
    if (available + held === 0) await fundAccount(services, name, asset, amount);
  }
}
