/** Plays a scenario, a turn of its time after the other: what one sends is durable and answered before the next begins. */
import { BUY, SELL } from '@outcry/market/order-terms';
import { TRADING_STATE } from '@outcry/market/states';
import { Random } from '@outcry/workload/random';
import { setState } from '../core/clock.ts';
import { GatewayError } from '../core/orders/gateway.ts';
import type { Outcome } from '../core/orders/outcome.ts';
import type { Services } from '../core/services.ts';
import type { Order } from '../domain/orders.ts';
import { type CommandFields, cancel, massCancel } from '../spine/commands.ts';
import { Flow, settingsOf, TURN_MS } from './flow.ts';
import { fractionOf, instrumentsOf, type Scenario } from './scenario.ts';
import type { OrderText, Step } from './scenario-schema.ts';

/** Numbers of the accounts that trade for a scenario. */
export interface Players {
  readonly makers: readonly number[];
  readonly taker: number;
}

/** One scenario with one seed, on the instruments of a venue. Its turns are called one after the other, never two at once. */
export class Script {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly #services: Services;
  readonly #players: Players;
  readonly #steps: readonly Step[];
  #flows: Flow[] = [];
  /** ids of the scenario's own orders, by name and instrument */
  readonly #named = new Map<string, number>();
  #random: Random;
  #nextStep = 0;
  #timeMs = 0;
  #round = 1;

  constructor(services: Services, players: Players, scenario: Scenario, seed: number) {
    this.#services = services;
    this.#players = players;
    this.scenario = scenario;
    this.seed = seed;
    this.#random = new Random(seed);
    this.#steps = [...(scenario.steps ?? [])].sort((a, b) => a.at - b.at);
  }

  /** Milliseconds of scenario time since the round began. */
  get timeMs(): number {
    return this.#timeMs;
  }
  /** how often the scenario has begun, from 1 */
  get round(): number {
    return this.#round;
  }

  /** Begins anew, from the seed. @param goesOn from the last price of each instrument instead of its reference price */
  async begin(goesOn = false): Promise<void> {
    this.#random = new Random(this.seed);
    this.#round = 1;
    await this.#beginRound(goesOn);
  }

  /** Lets a turn's time pass. */
  async turn(): Promise<void> {
    this.#timeMs += TURN_MS;
    const { loopMs } = this.scenario;
    if (loopMs !== undefined && this.#timeMs > loopMs) {
      this.#round++;
      await this.#beginRound(false);
      this.#timeMs = TURN_MS;
    }
    for (; this.#steps[this.#nextStep]?.at <= this.#timeMs; this.#nextStep++) await this.#take(this.#steps[this.#nextStep]);
    await this.#trade();
  }

  async #beginRound(goesOn: boolean): Promise<void> {
    const { market, feeds } = this.#services;
    const { makers, taker } = this.#players;
    this.#timeMs = 0;
    this.#nextStep = 0;
    this.#named.clear();
    await this.#sendAll([...makers, taker].map((account) => massCancel(account)));
    const settings = settingsOf(this.scenario.market ?? {});
    this.#flows = market.instruments.map((instrument) => {
      const last = goesOn ? feeds[instrument.number].lastPrice : 0;
      return new Flow(instrument, settings, this.#random, last || instrument.referencePrice);
    });
    const stopped = this.#flows.filter(({ instrument }) => feeds[instrument.number].state !== TRADING_STATE.CONTINUOUS);
    await this.#sendAll(goesOn ? [] : stopped.map(({ instrument }) => setState(instrument.number, TRADING_STATE.CONTINUOUS, 0)));
    for (const order of this.scenario.book ?? []) await this.#enter(order);
    for (; this.#steps[this.#nextStep]?.at === 0; this.#nextStep++) await this.#take(this.#steps[this.#nextStep]);
    const open = this.#openQuotes();
    await this.#sendAll(this.#flows.filter((flow) => this.#trades(flow)).flatMap((flow) => this.#quotes(flow, open)));
  }

  /** A turn of the makers and takers. */
  async #trade(): Promise<void> {
    const commands: CommandFields[] = [];
    const open = this.#openQuotes();
    for (const flow of this.#flows) {
      flow.isHalted = !this.#trades(flow);
      flow.move(this.#timeMs);
      if (flow.isHalted) continue;
      commands.push(...this.#quotes(flow, open), ...flow.take(this.#players.taker));
    }
    await this.#sendAll(commands);
  }

  /** Cancels of all makers go before their orders, so that none is refused for what is about to go. */
  #quotes(flow: Flow, open: readonly Order[][][]): CommandFields[] {
    const { makers } = this.#players;
    const { number } = flow.instrument;
    const commands = makers.flatMap((maker, i) => flow.quote(maker, open[i][number], 1 / makers.length));
    flow.mustFill = false;
    return commands.sort((a, b) => Number(a.orderId === 0) - Number(b.orderId === 0));
  }

  /** The makers' open orders, by maker and instrument: read once for all flows of a turn. */
  #openQuotes(): Order[][][] {
    return this.#players.makers.map((maker) => {
      const own: Order[][] = this.#flows.map(() => []);
      for (const order of this.#services.gateway.view.orders.of(maker)) own[order.instrument].push(order);
      return own;
    });
  }

  #trades({ instrument }: Flow): boolean {
    const { state } = this.#services.feeds[instrument.number];
    return state !== TRADING_STATE.HALTED && state !== TRADING_STATE.CLOSED;
  }

  async #take(step: Step): Promise<void> {
    if (step.do === 'order') return await this.#enter(step);
    for (const flow of this.#flowsOf(step.symbol)) {
      const { number } = flow.instrument;
      switch (step.do) {
        case 'walk':
          flow.walk(fractionOf(step.by), step.at, step.overMs);
          break;
        case 'gap':
          await this.#sendAll(this.#players.makers.map((maker) => massCancel(maker, number)));
          flow.gap(fractionOf(step.by));
          break;
        case 'set':
          flow.settings = settingsOf(step, flow.settings);
          break;
        case 'cancel':
          await this.#cancel(step.order, number);
          break;
        case 'halt':
          await this.#send(setState(number, TRADING_STATE.HALTED, 0));
          break;
        case 'resume':
          await this.#send(setState(number, TRADING_STATE.CONTINUOUS, 0));
      }
    }
  }

  async #enter({ side: sideName, symbol, price, distance, quantity, value, name }: OrderText): Promise<void> {
    const side = sideName === 'BUY' ? BUY : SELL;
    for (const flow of this.#flowsOf(symbol)) {
      const { instrument } = flow;
      const behind = distance === undefined ? 0 : fractionOf(distance) * (side === BUY ? -1 : 1);
      const near = distance === undefined ? 0 : flow.ticks(flow.middle * (1 + behind));
      const ticks = price === undefined ? near : instrument.parsePrice(price);
      const lots = quantity === undefined ? flow.lots(value ?? 0) : instrument.parseQuantity(quantity);
      const outcome = await this.#send(flow.entry(this.#players.taker, side, ticks, lots));
      if (name !== undefined && outcome?.order !== undefined) this.#named.set(`${name} ${instrument.number}`, outcome.order.id);
    }
  }

  async #cancel(name: string, instrument: number): Promise<void> {
    const id = this.#named.get(`${name} ${instrument}`);
    if (id !== undefined) await this.#send(cancel(this.#players.taker, instrument, id));
  }

  #flowsOf(symbol: string | undefined): Flow[] {
    return instrumentsOf(symbol, this.#services.market).map(({ number }) => this.#flows[number]);
  }

  async #sendAll(commands: readonly CommandFields[]): Promise<void> {
    await Promise.all(commands.map((command) => this.#send(command)));
  }

  /** Undefined: it was not taken. A full ring or disk is the demo's problem last: it goes on with its next turn. */
  async #send(command: CommandFields): Promise<Outcome | undefined> {
    try {
      return await this.#services.gateway.submit(command);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return undefined;
    }
  }
}
