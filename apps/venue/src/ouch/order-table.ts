import { i32Of, reserve } from '@outcry/memory/span';

/** What a gateway knows of an open order, 32 bytes, by the slot that the engine gave it. */
const WORDS = 8;
const SHIFT = 3;
const FLOW = 0;
const REFERENCE = 1;
const GENERATION = 2;
/** lots that the orders before it, which it replaced, had traded */
const BASE = 3;
/** lots that it has traded itself */
const TRADED = 4;
/** capacity, display and side letters */
const LETTERS = 5;
const INSTRUMENT = 6;

const FIRST_WINDOW = 1024;
const MOST_WINDOW = 1 << 20;

/** A series of orders numbered upward by a client: a login's, or one of its channels (UserRefIdx). */
export interface Flow {
  /** place in the table's list */
  readonly number: number;
  readonly login: number;
  readonly channel: number;
  readonly account: number;
  /** the highest reference used */
  last: number;
  /** slots by the low bits of the reference */
  window: Int32Array;
  /** slots of older orders whose place a newer one took */
  readonly older: Map<number, number>;
  /** the highest reference whose outcome is known */
  settled: number;
  /** orders and replacements whose outcome is not */
  inFlight: number;
  /** messages that wait for the outcome of an order, and those behind them */
  waiting: DataView[] | undefined;
}

/** Open orders of all logins, outside the JavaScript heap: found by slot, or by flow and reference. */
export class OrderTable {
  readonly flows: Flow[] = [];
  /** one past the highest slot used */
  top = 1;
  readonly #words: Int32Array;
  readonly #byKey = new Map<number, Flow>();

  /** @param capacity most orders open at once */
  constructor(capacity: number) {
    this.#words = i32Of(reserve((capacity + 1) * WORDS * 4));
  }

  /** The flow of a login and channel, made when it is new. */
  flow(login: number, channel: number, account: number): Flow {
    const key = login * 256 + channel;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const number = this.flows.length;
    const flow: Flow = {
      number,
      login,
      channel,
      account,
      last: 0,
      window: new Int32Array(FIRST_WINDOW),
      older: new Map(),
      settled: 0,
      inFlight: 0,
      waiting: undefined,
    };
    this.flows.push(flow);
    this.#byKey.set(key, flow);
    return flow;
  }

  add(flow: Flow, reference: number, slot: number, generation: number, instrument: number, letters: number, base: number): void {
    const at = slot << SHIFT;
    const words = this.#words;
    words[at | FLOW] = flow.number + 1;
    words[at | REFERENCE] = reference;
    words[at | GENERATION] = generation;
    words[at | BASE] = base;
    words[at | TRADED] = 0;
    words[at | LETTERS] = letters;
    words[at | INSTRUMENT] = instrument;
    if (slot >= this.top) this.top = slot + 1;
    const place = reference & (flow.window.length - 1);
    const there = flow.window[place];
    if (there !== 0) this.#makeWay(flow, there);
    flow.window[reference & (flow.window.length - 1)] = slot;
  }

  /** An older order holds the place: the window grows as long as that helps and is allowed, then the older one is kept aside. */
  #makeWay(flow: Flow, slot: number): void {
    if (flow.window.length < MOST_WINDOW) {
      const wider = new Int32Array(flow.window.length * 4);
      for (const open of flow.window) if (open !== 0) wider[this.#words[(open << SHIFT) | REFERENCE] & (wider.length - 1)] = open;
      flow.window = wider;
    }
    const reference = this.#words[(slot << SHIFT) | REFERENCE];
    const place = reference & (flow.window.length - 1);
    if (flow.window[place] !== slot) return;
    flow.window[place] = 0;
    flow.older.set(reference >>> 0, slot);
  }

  /** The slot of a flow's open order, 0: there is none. */
  find(flow: Flow, reference: number): number {
    const slot = flow.window[reference & (flow.window.length - 1)];
    if (slot !== 0 && this.#words[(slot << SHIFT) | REFERENCE] === (reference | 0)) return slot;
    return flow.older.size === 0 ? 0 : (flow.older.get(reference >>> 0) ?? 0);
  }

  remove(slot: number): void {
    const at = slot << SHIFT;
    const flow = this.flows[this.#words[at | FLOW] - 1];
    const reference = this.#words[at | REFERENCE];
    const place = reference & (flow.window.length - 1);
    if (flow.window[place] === slot) flow.window[place] = 0;
    else flow.older.delete(reference >>> 0);
    this.#words[at | FLOW] = 0;
  }

  /** The flow of an open order, undefined when it is not one of these. */
  flowOf(slot: number): Flow | undefined {
    const number = this.#words[(slot << SHIFT) | FLOW];
    return number === 0 ? undefined : this.flows[number - 1];
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
  lettersOf(slot: number): number {
    return this.#words[(slot << SHIFT) | LETTERS];
  }
  setLetters(slot: number, letters: number): void {
    this.#words[(slot << SHIFT) | LETTERS] = letters;
  }
  /** Lots traded by the orders that it replaced. */
  baseOf(slot: number): number {
    return this.#words[(slot << SHIFT) | BASE];
  }
  /** Lots traded over its whole life. */
  tradedOf(slot: number): number {
    return this.#words[(slot << SHIFT) | BASE] + this.#words[(slot << SHIFT) | TRADED];
  }
  addTraded(slot: number, lots: number): void {
    this.#words[(slot << SHIFT) | TRADED] += lots;
  }

  /** Slots of a login's open orders. */
  *ofLogin(login: number): Generator<number> {
    for (let slot = 1; slot < this.top; slot++) {
      const number = this.#words[(slot << SHIFT) | FLOW];
      if (number !== 0 && this.flows[number - 1].login === login) yield slot;
    }
  }
}
