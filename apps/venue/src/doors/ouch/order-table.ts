/** Open orders as the OUCH door knows them, outside the JavaScript heap. */
import crypto from 'node:crypto';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import type { Flow } from './port.ts';

/** What a gateway knows of an open order, a cache line, by the slot that the engine gave it. */
const WORDS = 16;
const SHIFT = 4;
/** number of its flow + 1, 0: the slot is no order of this gateway */
const FLOW = 0;
const REFERENCE = 1;
const GENERATION = 2;
/** lots that the orders before it, which it replaced, had traded */
const BASE = 3;
/** lots that it has traded itself, and has left */
const TRADED = 4;
const LEFT = 5;
/** see order-letters.ts */
const LETTERS = 6;
const INSTRUMENT = 7;
/** ticks */
const PRICE = 8;
/** GroupID of its client, 0: none */
const GROUP = 9;
/** number of the session that was told of it */
const STATED_IN = 10;
/** neighbours among its flow's orders, in the order in which they were accepted */
const PREVIOUS = 11;
const NEXT = 12;
/** the next order whose reference begins to be looked for at the same place, 0: none */
const CHAIN = 13;
/** the venue's number for it */
const F64_ID = 7;
const F64_SHIFT = SHIFT - 1;

/**
 * Open orders of all logins, outside the JavaScript heap: found by slot, or by flow and reference. What anything costs does not grow with how
 * many there are.
 */
export class OrderTable {
  readonly flows: Flow[] = [];
  readonly #words: Int32Array;
  readonly #f64: Float64Array;
  /** slots by flow and reference: the first of each chain */
  readonly #places: Int32Array;
  readonly #mask: number;
  /** so that no client can know which references lie in one chain */
  readonly #seed = crypto.randomBytes(4).readInt32LE();
  readonly #byLogin = new Map<number, Flow[]>();

  /** @param capacity most orders open at once */
  constructor(capacity: number) {
    const span = reserve((capacity + 1) * WORDS * 4);
    this.#words = i32Of(span);
    this.#f64 = f64Of(span);
    const places = 2 ** Math.ceil(Math.log2(2 * capacity + 2));
    this.#places = i32Of(reserve(places * 4));
    this.#mask = places - 1;
  }

  /** The flow of a login and channel, made when it is new. @param last the highest reference used so far */
  flow(login: number, channel: number, account: number, last: number): Flow {
    const known = this.#byLogin.get(login)?.[channel];
    if (known !== undefined) return known;
    const flow: Flow = {
      number: this.flows.length,
      login,
      channel,
      account,
      port: undefined,
      last,
      concluded: last,
      goneUpTo: 0,
      inFlight: 0,
      oldest: 0,
      newest: 0,
      walks: [],
      gone: undefined,
      waiting: undefined,
    };
    this.flows.push(flow);
    if (!this.#byLogin.has(login)) this.#byLogin.set(login, []);
    this.#byLogin.get(login)![channel] = flow;
    return flow;
  }

  /** A login's flows by channel; not every channel has one. */
  flowsOf(login: number): readonly (Flow | undefined)[] {
    return this.#byLogin.get(login) ?? NONE;
  }

  /** Takes an order in. What is not said here is set by the methods below, or 0. */
  add(flow: Flow, reference: number, slot: number, generation: number, instrument: number): void {
    const at = slot << SHIFT;
    const words = this.#words;
    words[at | FLOW] = flow.number + 1;
    words[at | REFERENCE] = reference;
    words[at | GENERATION] = generation;
    words[at | BASE] = 0;
    words[at | TRADED] = 0;
    words[at | GROUP] = 0;
    words[at | INSTRUMENT] = instrument;
    words[at | PREVIOUS] = flow.newest;
    words[at | NEXT] = 0;
    if (flow.newest === 0) flow.oldest = slot;
    else words[(flow.newest << SHIFT) | NEXT] = slot;
    flow.newest = slot;
    const place = this.#placeOf(flow.number, reference);
    words[at | CHAIN] = this.#places[place];
    this.#places[place] = slot;
  }

  /** References of a flow that come one after the other lie side by side, eight at a time; all else anywhere. */
  #placeOf(flow: number, reference: number): number {
    let group = Math.imul((reference >>> 3) ^ this.#seed, 0x85ebca6b) + Math.imul(flow, 0x9e3779b1);
    group = Math.imul(group ^ (group >>> 15), 0xc2b2ae35);
    return (((group ^ (group >>> 16)) << 3) | (reference & 7)) & this.#mask;
  }

  /** The slot of a flow's open order, 0: there is none. */
  find(flow: Flow, reference: number): number {
    const words = this.#words;
    let slot = this.#places[this.#placeOf(flow.number, reference)];
    while (slot !== 0 && (words[(slot << SHIFT) | REFERENCE] !== (reference | 0) || words[(slot << SHIFT) | FLOW] !== flow.number + 1))
      slot = words[(slot << SHIFT) | CHAIN];
    return slot;
  }

  remove(slot: number): void {
    const at = slot << SHIFT;
    const words = this.#words;
    const flow = this.flows[words[at | FLOW] - 1];
    for (const walk of flow.walks) if (walk.at === slot) walk.at = words[at | NEXT];
    this.#unchain(slot, this.#placeOf(flow.number, words[at | REFERENCE]));
    const previous = words[at | PREVIOUS];
    const next = words[at | NEXT];
    if (previous === 0) flow.oldest = next;
    else words[(previous << SHIFT) | NEXT] = next;
    if (next === 0) flow.newest = previous;
    else words[(next << SHIFT) | PREVIOUS] = previous;
    words[at | FLOW] = 0;
  }

  #unchain(slot: number, place: number): void {
    const words = this.#words;
    const next = words[(slot << SHIFT) | CHAIN];
    let before = this.#places[place];
    if (before === slot) {
      this.#places[place] = next;
      return;
    }
    while (words[(before << SHIFT) | CHAIN] !== slot) before = words[(before << SHIFT) | CHAIN];
    words[(before << SHIFT) | CHAIN] = next;
  }

  /** The flow of an open order, undefined when it is not one of these. */
  flowOf(slot: number): Flow | undefined {
    const number = this.#words[(slot << SHIFT) | FLOW];
    return number === 0 ? undefined : this.flows[number - 1];
  }

  /** The order of the same flow that was accepted after one, 0: there is none. */
  after(slot: number): number {
    return this.#words[(slot << SHIFT) | NEXT];
  }

  referenceOf(slot: number): number {
    return this.#words[(slot << SHIFT) | REFERENCE] >>> 0;
  }
  generationOf(slot: number): number {
    return this.#words[(slot << SHIFT) | GENERATION];
  }
  instrumentOf(slot: number): number {
    return this.#words[(slot << SHIFT) | INSTRUMENT];
  }

  /** The number that the venue's clients know it by, at every door. */
  idOf(slot: number): number {
    return this.#f64[(slot << F64_SHIFT) | F64_ID];
  }
  setId(slot: number, id: number): void {
    this.#f64[(slot << F64_SHIFT) | F64_ID] = id;
  }

  /** Side, capacity, time in force and display as the client gave them: see order-letters.ts. */
  lettersOf(slot: number): number {
    return this.#words[(slot << SHIFT) | LETTERS];
  }
  setLetters(slot: number, letters: number): void {
    this.#words[(slot << SHIFT) | LETTERS] = letters;
  }

  groupOf(slot: number): number {
    return this.#words[(slot << SHIFT) | GROUP];
  }
  setGroup(slot: number, group: number): void {
    this.#words[(slot << SHIFT) | GROUP] = group;
  }

  priceOf(slot: number): number {
    return this.#words[(slot << SHIFT) | PRICE];
  }
  /** Lots that the order has left. */
  leftOf(slot: number): number {
    return this.#words[(slot << SHIFT) | LEFT];
  }
  setLeft(slot: number, lots: number): void {
    this.#words[(slot << SHIFT) | LEFT] = lots;
  }
  /** Lots traded by the orders that it replaced. */
  baseOf(slot: number): number {
    return this.#words[(slot << SHIFT) | BASE];
  }
  /** @param price ticks @param base lots traded by the orders that it replaced @param traded its own @param left that it has left */
  setLots(slot: number, price: number, base: number, traded: number, left: number): void {
    const at = slot << SHIFT;
    this.#words[at | PRICE] = price;
    this.#words[at | BASE] = base;
    this.#words[at | TRADED] = traded;
    this.#words[at | LEFT] = left;
  }
  /** Lots traded over its whole life. */
  tradedOf(slot: number): number {
    return this.#words[(slot << SHIFT) | BASE] + this.#words[(slot << SHIFT) | TRADED];
  }
  /** A trade leaves the order so many lots. */
  trade(slot: number, lots: number, left: number): void {
    this.#words[(slot << SHIFT) | TRADED] += lots;
    this.#words[(slot << SHIFT) | LEFT] = left;
  }

  /** The number of the session in which the order was stated to its client. */
  statedIn(slot: number): number {
    return this.#words[(slot << SHIFT) | STATED_IN];
  }
  setStatedIn(slot: number, session: number): void {
    this.#words[(slot << SHIFT) | STATED_IN] = session;
  }
}

const NONE: readonly (Flow | undefined)[] = [];
