/** Sends what time brings to the engine: clock commands, scheduled trading states, and checks of its hash. */
import { COMMAND, commandHead } from '@outcry/market/command';
import { TRADING_STATE } from '@outcry/market/states';
import { ConfigError, type ScheduleEntry } from '../domain/config.ts';
import type { Market } from '../domain/market.ts';
import { type CommandFields, check } from '../spine/commands.ts';
import type { MarketState } from './feeds/market-state.ts';
import { GatewayError } from './orders/gateway.ts';
import type { OpenOrders } from './orders/open-orders.ts';

const TICK_MS = 1000;
const DAY_MS = 86_400_000;

/** What the engine's story hash was after a command: see Shared.readCheckpoint. */
interface Checkpoint {
  sequence: number;
  hash: readonly [number, number];
}

const CHECK_MS = 60_000;
/** Milliseconds that time may pass beside the steady clock before it counts as set. */
const SET_MS = 5000;

interface Entry {
  /** milliseconds of the day */
  at: number;
  state: number;
  instruments: number[];
}

/**
 * Lets time pass in the engine, and journals its story hash once a minute: a clock command a second while it can matter, and the states of
 * a schedule (UTC) when they are due.
 */
export class Clock {
  readonly #timer: NodeJS.Timeout;
  readonly #entries: Entry[];
  readonly #now: () => number;
  readonly #steady: () => number;
  readonly #submit: (fields: CommandFields) => Promise<unknown>;
  readonly #mustTick: () => boolean;
  readonly #checkpoint: () => Checkpoint | undefined;
  /** the venue's time and the steady clock's when the schedule was last looked at */
  #looked: number;
  #lookedSteady: number;
  #checkedSteady: number;
  #lastChecked = 0;
  #isTicking = false;

  constructor(
    market: Market,
    feeds: readonly MarketState[],
    orders: OpenOrders,
    schedule: readonly ScheduleEntry[],
    submit: (fields: CommandFields) => Promise<unknown>,
    checkpoint: () => Checkpoint | undefined,
    now: () => number = Date.now,
    steady: () => number = () => performance.now(),
  ) {
    this.#submit = submit;
    this.#entries = schedule.map((entry) => readEntry(entry, market)).sort((a, b) => a.at - b.at);
    this.#mustTick = () => orders.hasSpecial || feeds.some((feed) => feed.state !== TRADING_STATE.CONTINUOUS);
    this.#checkpoint = checkpoint;
    this.#now = now;
    this.#steady = steady;
    this.#looked = now();
    this.#lookedSteady = this.#checkedSteady = steady();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  tick(): void {
    const [time, steady] = [this.#now(), this.#steady()];
    const wasSet = Math.abs(time - this.#looked - (steady - this.#lookedSteady)) > SET_MS;
    const due = wasSet ? inForce(this.#entries, this.#looked, time) : passed(this.#entries, this.#looked, time);
    for (const { instrument, state } of due) this.#send(setState(instrument, state, 0));
    this.#looked = time;
    this.#lookedSteady = steady;
    this.#check(steady);
    if (this.#mustTick() && !this.#isTicking) void this.#letPass();
  }

  #send(fields: CommandFields): void {
    this.#submit(fields).catch(() => undefined); // the next tick comes again
  }

  #check(steady: number): void {
    const latest = steady - this.#checkedSteady < CHECK_MS ? undefined : this.#checkpoint();
    if (latest === undefined || latest.sequence <= this.#lastChecked) return;
    this.#send(check(latest.sequence, latest.hash));
    this.#lastChecked = latest.sequence;
    this.#checkedSteady = steady;
  }

  /** Lets time pass. What it sets off may be more than is done before one command: see LeftOver. */
  async #letPass(): Promise<void> {
    this.#isTicking = true;
    try {
      await this.#submit({ head: commandHead(COMMAND.CLOCK) });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // the next tick comes again
    } finally {
      this.#isTicking = false;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

export function setState(instrument: number, state: number, reference: number): CommandFields {
  return { head: commandHead(COMMAND.SET_STATE), instrument, asset: state, price: reference };
}

/** Checks a schedule's entry and works out what it means. Throws ConfigError. */
function readEntry(entry: ScheduleEntry, market: Market): Entry {
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(entry.at);
  if (match === null) throw new ConfigError(`schedule: '${entry.at}' is no time of day: HH:MM or HH:MM:SS, UTC`);
  const state = (TRADING_STATE as Record<string, number>)[entry.state];
  if (state === undefined) throw new ConfigError(`schedule: '${entry.state}' is no state; known: ${Object.keys(TRADING_STATE).join(', ')}`);
  const named = entry.symbol === undefined ? market.instruments : [market.find(entry.symbol)];
  const instruments = named.map((instrument) => {
    if (instrument === undefined) throw new ConfigError(`schedule: there is no instrument '${entry.symbol}'`);
    return instrument.number;
  });
  const [, hours, minutes, seconds] = match;
  return { at: (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000, state, instruments };
}

interface Due {
  instrument: number;
  state: number;
}

/** The states that became due as time passed from one moment to another, in their order. */
function passed(entries: readonly Entry[], from: number, to: number): Due[] {
  const times = entries.flatMap((entry) => {
    const last = latest(entry.at, to);
    return last > from ? [{ entry, last }] : [];
  });
  times.sort((a, b) => a.last - b.last);
  return times.flatMap(({ entry }) => entry.instruments.map((instrument) => ({ instrument, state: entry.state })));
}

/**
 * The clock was set over entries of the schedule: their instruments take the state that it has for them at the new time, and none of those
 * that would have come between, since no time passed in which to trade in them.
 */
function inForce(entries: readonly Entry[], from: number, to: number): Due[] {
  const [earlier, later] = [Math.min(from, to), Math.max(from, to)];
  const concerned = new Set(entries.flatMap(({ at, instruments }) => (latest(at, later) > earlier ? instruments : [])));
  return [...concerned].map((instrument) => {
    const own = entries.filter(({ instruments }) => instruments.includes(instrument));
    const { state } = own.reduce((a, b) => (latest(b.at, to) >= latest(a.at, to) ? b : a));
    return { instrument, state };
  });
}

/** When a time of day was last, at a moment or before it. Milliseconds since 1970. */
function latest(at: number, moment: number): number {
  const today = Math.floor(moment / DAY_MS) * DAY_MS + at;
  return today <= moment ? today : today - DAY_MS;
}
