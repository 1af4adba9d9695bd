/** The demo: accounts with money, and a market that follows a scenario. */
import type { Logger } from 'pino';
import { createAccount, fundAccount } from '../core/administration.ts';
import type { Services } from '../core/services.ts';
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
const CLIENT_FUNDS = { USDT: '1000000', BTC: '100', ETH: '1000', other: '1000000' };
const MARKET_FUNDS = { USDT: '20000000', BTC: '2000', ETH: '50000', other: '20000000' };

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
    await this.clock.inTurn(async () => {
      this.#script = scriptOf(this.services, scenario, seed);
      await this.#script.begin();
    });
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
    if (logins.length === 0) await services.accounts.addLogin(name, name.toUpperCase(), { password: `${name}pass` });
  }
  if (services.registry.get(FUNDED) === undefined) {
    for (const name of CLIENTS) await fund(services, name, CLIENT_FUNDS);
    for (const name of [...MAKERS, TAKER]) await fund(services, name, MARKET_FUNDS);
    await services.registry.put(FUNDED, {});
  }
  return options.flow === false ? undefined : await Demo.start(venue, options, log);
}

async function open(services: Services, name: string, keys: { key: string; secret: string }[]): Promise<void> {
  if (services.accounts.find(name) === undefined) await createAccount(services, name, keys);
}

/** Skips what an interrupted first start has already deposited. */
async function fund(services: Services, name: string, funds: typeof CLIENT_FUNDS): Promise<void> {
  const account = services.accounts.find(name)!;
  for (const asset of services.market.assets) {
    const { available, held } = services.gateway.view.balance(account.number, asset.number);
    if (available + held === 0) await fundAccount(services, name, asset.name, fundsOf(funds, asset.name));
  }
}

function fundsOf(funds: typeof CLIENT_FUNDS, asset: string): string {
  return (funds as Record<string, string>)[asset] ?? funds.other;
}
