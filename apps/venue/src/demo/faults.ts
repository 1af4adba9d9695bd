/** Faults on request: what the demo's doors do wrong, to whom, how often. */
import { Random } from '@outcry/workload/random';
import { type Static, Type } from 'typebox';
import { object, oneOf, type Schema, text, whole } from '../domain/schema.ts';
import type { StreamFault } from '../domain/stream-fault.ts';
import { fractionOf } from './scenario.ts';

export const DOORS = ['rest', 'ws-api', 'account-stream', 'market-stream'] as const;
export type FaultDoor = (typeof DOORS)[number];

/** By kind: the doors that can have it, and whether it takes milliseconds. */
export const KINDS = {
  latency: { doors: ['rest', 'ws-api', 'account-stream'], ms: true },
  late: { doors: ['rest', 'ws-api'], ms: true },
  overloaded: { doors: ['rest', 'ws-api'], ms: false },
  unknown: { doors: ['rest', 'ws-api'], ms: false },
  'rate-limit': { doors: ['rest', 'ws-api'], ms: false },
  clock: { doors: ['rest', 'ws-api'], ms: true },
  disconnect: { doors: ['rest', 'account-stream', 'market-stream'], ms: false },
  drop: { doors: ['account-stream', 'market-stream'], ms: false },
  duplicate: { doors: ['account-stream', 'market-stream'], ms: false },
} as const satisfies Record<string, { doors: readonly FaultDoor[]; ms: boolean }>;

export type FaultKind = keyof typeof KINDS;

const MOST_MS = 3_600_000;
const MOST_FAULTS = 100;

const FAULT = object(
  {
    kind: oneOf(Object.keys(KINDS) as FaultKind[], 'what goes wrong'),
    door: Type.Optional(oneOf([...DOORS], 'where; left out: at every door that can have it')),
    account: Type.Optional(text('^[A-Za-z0-9_.-]{1,32}$', 'the name of an account', 'to whom; left out: to everybody')),
    requests: Type.Optional(oneOf(['all', 'orders'], 'which: all, or those that enter, replace or cancel orders; left out: all')),
    ms: Type.Optional(whole(-MOST_MS, MOST_MS, 'milliseconds: of latency, late and clock')),
    share: Type.Optional(text('^\\d{1,3}(\\.\\d{1,6})?%$', 'a percentage in quotes: "10%"', 'of what passes; left out: all of it')),
    times: Type.Optional(whole(1, 1_000_000, 'how often, then it is over; left out: until it is taken away')),
  },
  'a fault',
);

export const FAULT_SCHEMA = FAULT as unknown as Schema;
export type FaultText = Static<typeof FAULT>;

/** A fault in force. */
export interface Fault extends FaultText {
  readonly id: number;
  /** how often it struck */
  hits: number;
}

/** What a fault may strike. */
export interface Target {
  readonly door: FaultDoor;
  /** undefined: nobody who is known */
  readonly account: string | undefined;
  /** whether it enters, replaces or cancels orders */
  readonly isOrder: boolean;
}

/** The faults of a demo. Which of several messages one strikes is drawn from a seed. */
export class Faults {
  #all: Fault[] = [];
  #lastId = 0;
  readonly #random = new Random(1);
  /** told when there are others, or fewer */
  onChange = (): void => undefined;

  get all(): readonly Fault[] {
    return this.#all;
  }

  /** Undefined: there are as many as there may be. */
  add(fault: FaultText): Fault | undefined {
    if (this.#all.length >= MOST_FAULTS) return undefined;
    const added = { id: ++this.#lastId, ...fault, hits: 0 };
    this.#all.push(added);
    this.onChange();
    return added;
  }

  /** @param id undefined: all @returns how many there were */
  remove(id?: number): number {
    const before = this.#all.length;
    this.#all = id === undefined ? [] : this.#all.filter((fault) => fault.id !== id);
    this.onChange();
    return before - this.#all.length;
  }

  /** The fault of a kind that strikes now; counts it. */
  strike(kind: FaultKind, target: Target): Fault | undefined {
    if (this.#all.length === 0) return undefined;
    const found = this.#all.find((fault) => isFor(fault, kind, target) && this.#random.chance(fractionOf(fault.share ?? '100%')));
    if (found === undefined) return undefined;
    found.hits++;
    if (found.hits === found.times) this.remove(found.id);
    return found;
  }

  /** What market streams have of them: nobody's account is known there. */
  get ofStreams(): StreamFault[] {
    return this.#all.flatMap(({ id, kind, door, account, share = '100%', times }) => {
      const isTheirs = account === undefined && (door === undefined || door === 'market-stream');
      return isTheirs && (kind === 'drop' || kind === 'duplicate') ? [{ id, kind, share: fractionOf(share), times }] : [];
    });
  }

  /** Milliseconds that a door's clock is wrong by. */
  clockMs(door: FaultDoor): number {
    if (this.#all.length === 0) return 0;
    return this.#all.find((fault) => isFor(fault, 'clock', { door, account: undefined, isOrder: true }))?.ms ?? 0;
  }
}

function isFor(fault: Fault, kind: FaultKind, { door, account, isOrder }: Target): boolean {
  if (fault.kind !== kind || (fault.door !== undefined && fault.door !== door)) return false;
  if (fault.requests === 'orders' && !isOrder) return false;
  return fault.account === undefined || fault.account === account;
}
