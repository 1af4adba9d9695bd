import { COMMAND, commandHead } from '@outcry/market/command';
import { STATE } from '@outcry/market/rules';
import { type CommandFields, check } from './commands.ts';
import { ConfigError, type ScheduleEntry } from './config.ts';
import type { Market } from './market.ts';
import type { MarketState } from './market-state.ts';
import type { OpenOrders } from './open-orders.ts';

const TICK_MS = 1000;
const DAY_MS = 86_400_000;

/** What the engine's story hash was after a command: see Shared.readCheckpoint. */
export interface Checkpoint {
  sequence: number;
  hash: readonly [number, number];
}

const CHECK_MS = 60_000;

/** Lets time pass in the engine, and journals its story hash once a minute: a clock command a second while it can matter, and the states of a schedule (UTC) when they are due. */
export class Clock {
  readonly #timer: NodeJS.Timeout;
  #checked: number;

  constructor(
    market: Market,
    feeds: readonly MarketState[],
    orders: OpenOrders,
    schedule: readonly ScheduleEntry[],
    submit: (fields: CommandFields) => Promise<unknown>,
    checkpoint: () => Checkpoint | undefined,
    now: () => number = Date.now,
  ) {
    const send = (fields: CommandFields) => void submit(fields).catch(() => undefined); // the next tick comes again
    const entries = schedule.map((entry) => readEntry(entry, market));
    this.#checked = now();
    let checkedAt = now();
    let lastChecked = 0;
    this.#timer = setInterval(() => {
      const time = now();
      for (const { at, state, instruments } of entries) {
        if (!wasPassed(at, this.#checked, time)) continue;
        for (const instrument of instruments) send(setState(instrument, state, 0));
      }
      this.#checked = time;
      const latest = time - checkedAt < CHECK_MS ? undefined : checkpoint();
      if (latest !== undefined && latest.sequence > lastChecked) {
        send(check(latest.sequence, latest.hash));
        lastChecked = latest.sequence;
        checkedAt = time;
      }
      if (orders.hasSpecial || feeds.some((feed) => feed.state !== STATE.CONTINUOUS)) send({ head: commandHead(COMMAND.CLOCK) });
    }, TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

export function setState(instrument: number, state: number, reference: number): CommandFields {
  return { head: commandHead(COMMAND.SET_STATE), instrument, asset: state, price: reference };
}

/** Checks a schedule's entry and works out what it means. Throws ConfigError. */
function readEntry(entry: ScheduleEntry, market: Market): { at: number; state: number; instruments: number[] } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(entry.at);
  if (match === null) throw new ConfigError(`schedule: '${entry.at}' is no time of day: HH:MM or HH:MM:SS, UTC`);
  const state = (STATE as Record<string, number>)[entry.state];
  if (state === undefined) throw new ConfigError(`schedule: '${entry.state}' is no state; known: ${Object.keys(STATE).join(', ')}`);
  const named = entry.symbol === undefined ? market.instruments : [market.find(entry.symbol)];
  const instruments = named.map((instrument) => {
    if (instrument === undefined) throw new ConfigError(`schedule: there is no instrument '${entry.symbol}'`);
    return instrument.number;
  });
  const [, hours, minutes, seconds] = match;
  return { at: (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000, state, instruments };
}

/** Whether a time of day lies in (from, to], both in milliseconds since 1970. */
function wasPassed(at: number, from: number, to: number): boolean {
  const day = Math.floor(to / DAY_MS) * DAY_MS;
  return [day + at, day - DAY_MS + at].some((time) => time > from && time <= to);
}
