/** The demo: accounts with money, and a market that follows a scenario. */
import { COMMAND, commandHead } from '@outcry/market/command';
import type { Logger } from 'pino';
import { LogIns } from '../core/accounts/log-ins.ts';
import { administer, createAccount } from '../core/administration.ts';
import type { Services } from '../core/services.ts';
import type { Asset } from '../domain/market.ts';
import { massCancel } from '../spine/commands.ts';
import type { Venue } from '../venue.ts';
import { DemoClock } from './demo-clock.ts';
import { EVERYDAY, findScenario, type Scenario } from './scenario.ts';
import { Script } from './script.ts';

export const DEFAULT_SEED = 20_240_809;
/** The record that says that the accounts were given their money. */
const FUNDED = 'demo-funded';
export const CLIENTS = ['alice', 'bob'];
const MAKERS = ['maker-1', 'maker-2'];
const TAKER = 'flow';
/** By asset; `other`: of an asset that a configuration adds. */
type Funds = Readonly<Record<string, string>>;
const CLIENT_FUNDS: Funds = { USDT: '1000000', BTC: '100', ETH: '1000', other: '1000000' };
const MARKET_FUNDS: Funds = { USDT: '20000000', BTC: '2000', ETH: '50000', other: '20000000' };

export interface DemoOptions {
  /** whether there is an order flow; default: true */
  readonly flow?: boolean;
  /** default: the everyday market, which goes on at the last prices after a restart */
  readonly scenario?: Scenario;
  readonly seed?: number;
  /** whether the scenario's clock waits to be stepped or resumed */
  readonly paused?: boolean;
}

/** A market that plays a scenario on a venue. */
export class Demo {
  readonly clock: DemoClock;
  readonly services: Services;
  #script: Script;

  private constructor(services: Services, options: DemoOptions, log: Logger) {
    this.services = services;
    this.#script = scriptOf(services, options.scenario ?? findScenario(EVERYDAY, services.market), options.seed ?? DEFAULT_SEED);
    this.clock = new DemoClock(() => this.#script.turn(), options.paused === true, log);
  }

  /** Begins a scenario on a venue whose accounts are there. */
  static async start({ services }: Venue, options: DemoOptions, log: Logger): Promise<Demo> {
    const demo = new Demo(services, options, log);
    const goesOn = options.scenario === undefined && options.seed === undefined;
    await demo.clock.inTurn(() => demo.#script.begin(goesOn));
    demo.clock.start();
    return demo;
  }

  /** What is played. */
  get script(): Script {
    return this.#script;
  }

  /** Begins a scenario, this or another, from a seed, after the turn that is under way. */
  async play(scenario = this.#script.scenario, seed = this.#script.seed): Promise<void> {
    await this.clock.inTurn(() => this.#begin(scenario, seed));
  }

  /** As {@link play}, on an empty book and with the first balances: all orders of everybody are cancelled. */
  async reset(scenario = this.#script.scenario, seed = this.#script.seed): Promise<void> {
    await this.clock.inTurn(async () => {
      await administer(this.services, massCancel(-1));
      await restoreFunds(this.services);
      await this.#begin(scenario, seed);
    });
  }

  async #begin(scenario: Scenario, seed: number): Promise<void> {
    this.#script = scriptOf(this.services, scenario, seed);
    await this.#script.begin();
  }

  async stop(): Promise<void> {
    await this.clock.close();
  }
}

function scriptOf(services: Services, scenario: Scenario, seed: number): Script {
  const number = (name: string) => services.accounts.find(name)!.number;
  return new Script(services, { makers: MAKERS.map(number), taker: number(TAKER) }, scenario, seed);
}

/** Gives a fresh demo venue its accounts and their money, once per data directory, and starts its market. Undefined: without a flow. */
export async function startDemo(venue: Venue, options: DemoOptions, log: Logger): Promise<Demo | undefined> {
  const { services } = venue;
  for (const name of CLIENTS) await open(services, name, [{ key: name, secret: `${name}-secret` }]);
  for (const name of [...MAKERS, TAKER]) await open(services, name, []);
  for (const name of CLIENTS) {
    const { logins } = services.accounts.find(name)!;
    if (logins.length === 0) await services.accounts.addLogin(name, userOf(name), { password: passwordOf(name) });
  }
  if (services.registry.get(FUNDED) === undefined) {
    await restoreFunds(services); // an interrupted first start has deposited some of it
    await services.registry.put(FUNDED, {});
  }
  return options.flow === false ? undefined : await Demo.start(venue, options, log);
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

/** Brings the demo's accounts to the balances that they begin with. Nothing of theirs may be held. */
async function restoreFunds(services: Services): Promise<void> {
  for (const [names, funds] of [
    [CLIENTS, CLIENT_FUNDS],
    [[...MAKERS, TAKER], MARKET_FUNDS],
  ] as const)
    for (const name of names) for (const asset of services.market.assets) await restore(services, name, asset, funds);
}

async function restore(services: Services, name: string, asset: Asset, funds: Funds): Promise<void> {
  const account = services.accounts.find(name)!.number;
  const { available, held } = services.gateway.view.balance(account, asset.number);
  const missing = asset.parse(funds[asset.name] ?? funds.other) - available - held;
  if (missing === 0) return;
  const head = commandHead(missing > 0 ? COMMAND.DEPOSIT : COMMAND.WITHDRAW);
  await administer(services, { head, account, asset: asset.number, amount: Math.abs(missing) });
}
