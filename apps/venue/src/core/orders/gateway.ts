/** The gateway of the order lane: sends commands, and answers them from durable events. */
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import { REASON } from '@outcry/market/reason';
import type { Ring } from '@outcry/memory/ring';
import { type CommandFields, recordCount, writeRecords } from '../../spine/commands.ts';
import { ENGINE_GATE, GATEWAY_GATE, JOURNAL_FAILED, JOURNAL_FULL, type Shared } from '../../spine/shared.ts';
import { type Entrance, EVERYTHING, isReplacement, mayEnter } from './admission.ts';
import { FanOut } from './fan-out.ts';
import { LeftOver } from './left-over.ts';
import type { AccountListener, MarketListener, OrderFollower, ViewListener } from './listeners.ts';
import { isList, ListsUnderWay } from './lists-under-way.ts';
import type { OpenOrders } from './open-orders.ts';
import { newOutcome, type Outcome, type Pending } from './outcome.ts';
import type { SharedState } from './shared-state.ts';
import { View } from './view.ts';

const { CANCELLING, CANCELLED_ALL } = EVENT;
const { DUPLICATE_CLIENT_ID } = REASON;
/** Commands that are answered and still in the list of those that wait: beyond it they are cut off. */
const MOST_ANSWERED = 4096;

/** Why a command never got to the engine, or nobody can say what became of it. */
export class GatewayError extends Error {
  readonly code: 'overloaded' | 'short_of_memory' | 'too_many_orders' | 'journal_full' | 'unknown_outcome';
  constructor(code: GatewayError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Events taken in before sockets get their turn: so much may wait to be written, to each that follows an account, before anybody reads. */
const EVENTS_A_TURN = 2048;
/** ... and milliseconds of them, looked at every so many events: an event costs by how many read it. */
const TURN_MS = 2;
const LOOK_EVERY = 16;
/** Milliseconds between looks at what other gateways' clients bring about, while nobody waits here. */
const SELDOM_MS = 2;

/**
 * The event loop's end of the rings: puts commands in, and takes events out once the commands that caused them are durable. It
 * keeps the view, tells the listeners, and answers whoever sent a command. One gateway a venue, on one thread.
 */
export class Gateway {
  readonly view: View;
  readonly marketListeners: Partial<MarketListener>[];
  readonly orderListeners: OrderFollower[];
  readonly accountListeners: Partial<AccountListener>[];
  /** Asked before what may enter orders is sent. Cancels and everything else pass. */
  admission: Entrance = EVERYTHING;
  /** Called after each turn that took in events. */
  onTurn = () => {};
  readonly #shared: Shared;
  readonly #ring: Ring;
  /** commands without an answer yet, oldest first from `#head` on */
  #pending: Pending[] = [];
  #head = 0;
  /** orders that commands without an answer replace: the view may show them when they are gone already */
  readonly #replacing = new Set<number>();
  readonly #listsUnderWay = new ListsUnderWay();
  readonly #leftOver: LeftOver;
  readonly #fanOut: FanOut;
  /** who waits until what was durable when they came has been taken in */
  #behind: { sequence: number; resolve: () => void }[] = [];
  #read: number;
  /** see {@link sequence} */
  #taken: number;
  /** there are durable events that the last turn had no room for */
  #hasMore = false;
  #running = true;
  /** why nothing is acknowledged any more */
  #dead: string | undefined;
  #willRing = false;
  /** ends a nap early */
  #wake: (() => void) | undefined;

  constructor(shared: Shared, unitOf: (instrument: number) => number, state: SharedState, orders: OpenOrders) {
    this.#shared = shared;
    this.#ring = shared.commands;
    this.#read = shared.events.gate(GATEWAY_GATE);
    this.#taken = shared.memory.start;
    this.#leftOver = new LeftOver(shared, (fields) => this.submit(fields));
    this.#fanOut = new FanOut(state);
    this.marketListeners = this.#fanOut.market;
    this.orderListeners = this.#fanOut.orders;
    this.accountListeners = this.#fanOut.accounts;
    this.view = new View(this.#fanOut, unitOf, state, orders);
  }

  /** Told what gateways keep in the journal, as it is durable. */
  set onRecord(listener: ViewListener['onRecord']) {
    this.#fanOut.onRecord = listener;
  }

  /** Number of the last command whose events have been taken in. */
  get sequence(): number {
    return this.#taken;
  }

  /**
   * Resolves once everything is taken in that any door may have told by now; undefined: it is. Whoever reads then finds what he was told,
   * also by another door. Resolves as well when nothing more comes.
   */
  caughtUp(): Promise<void> | undefined {
    const sequence = Math.min(this.#shared.durable.read(), this.#ring.gate(ENGINE_GATE));
    if (sequence <= this.#taken || !this.#running || this.#dead !== undefined) return undefined;
    this.#wake?.();
    return new Promise((resolve) => this.#behind.push({ sequence, resolve }));
  }

  get inFlight(): number {
    return this.#pending.length - this.#head;
  }

  /** Sends a command. Resolves once it is durable and the engine has answered. Rejects with GatewayError. */
  submit(fields: CommandFields): Promise<Outcome> {
    const duplicate = this.#dead === undefined ? this.#duplicate(fields) : undefined;
    if (duplicate !== undefined) return duplicate;
    const refusal = this.#refusal(fields);
    if (refusal !== undefined) return Promise.reject(refusal);
    const count = recordCount(fields);
    const first = this.#ring.claim(count);
    if (first < 0) return Promise.reject(new GatewayError('overloaded', 'the command ring is full'));
    const { orderId: meant = 0, account = -1 } = fields;
    const handle = meant === 0 ? 0 : this.view.orders.handleOf(meant);
    writeRecords(this.#ring.i32, this.#ring.f64, (n) => this.#ring.wordOf(first + n), fields, this.#shared.clock.now(), handle);
    if (mayEnter(fields)) this.admission.enter(fields.account ?? 0, fields.legs?.length ?? 1, count);
    this.admission.sentFrom(first);
    this.#ring.publish(first, count);
    this.#ringSoon();
    const outcome = newOutcome(first + count);
    this.#listsUnderWay.send(fields, outcome);
    this.#wake?.();
    const replaces = isReplacement(fields) ? meant : 0;
    if (replaces !== 0) this.#replacing.add(replaces);
    return new Promise((resolve, reject) => this.#pending.push({ outcome, meant, replaces, account, massCancel: 0, resolve, reject }));
  }

  /** Takes events until the gateway is closed. */
  async run(): Promise<void> {
    const bell = this.#shared.gatewayBell;
    while (this.#running && this.#dead === undefined) {
      this.#leftOver.goOn();
      if (this.#drain()) {
        if (this.inFlight === 0 && !this.#hasMore) await this.#nap();
        else await new Promise<void>((resolve) => setImmediate(resolve)); // sockets get their turn
        continue;
      }
      bell.prepare();
      if (this.#drain()) bell.cancel();
      else await bell.waitAsync(100);
      const { journalState } = this.#shared;
      if (journalState === JOURNAL_FAILED) this.#failPending('the journal failed before the command was durable');
      else if (journalState === JOURNAL_FULL) this.#failPending('the journal cannot grow for now: the command takes effect when it can');
    }
  }

  /** Nothing is acknowledged any more: what is under way, and what comes, has an unknown outcome. */
  fail(why: string): void {
    this.#dead = why;
    this.#failPending(why);
  }

  close(): void {
    this.#running = false;
    this.#wake?.();
    this.#shared.gatewayBell.ring();
    this.#failPending('the venue stopped before the command was durable');
  }

  async #nap(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SELDOM_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Wakes engine and journal once for all requests that this turn of the event loop brought. */
  #ringSoon(): void {
    if (this.#willRing) return;
    this.#willRing = true;
    setImmediate(() => {
      this.#willRing = false;
      this.#shared.engineBell.ring();
      this.#shared.journalBell.ring();
    });
  }

  /**
   * The answer to a list with the id of one that is open, or on its way: that is waited for, since what is not durable may be lost, and the
   * engine may refuse it. Undefined: there is none. It comes before all that may pass, so that no client takes a retry for not entered.
   */
  #duplicate(fields: CommandFields): Promise<Outcome> | undefined {
    if (!isList(fields)) return undefined;
    const twin = this.#listsUnderWay.twinOf(fields);
    const { account = -1, text = '' } = fields;
    if (twin === undefined)
      return this.view.orders.lists.has(account, text) ? Promise.resolve(newOutcome(this.#taken, DUPLICATE_CLIENT_ID)) : undefined;
    const outcome = newOutcome(twin.sequence);
    const answered = new Promise<Outcome>((resolve, reject) => {
      this.#pending.push({ outcome, meant: 0, replaces: 0, account, massCancel: 0, resolve, reject });
    });
    return answered.then(() => newOutcome(twin.sequence, twin.reason || DUPLICATE_CLIENT_ID));
  }

  #refusal(fields: CommandFields): GatewayError | undefined {
    if (this.#dead !== undefined) return new GatewayError('unknown_outcome', this.#dead);
    const { account = 0, legs, orderId = 0 } = fields;
    const replaced = isReplacement(fields) && !this.#replacing.has(orderId) ? 1 : 0;
    const reason = mayEnter(fields) ? this.admission.refusal(account, (legs?.length ?? 1) - replaced) : REASON.NONE;
    if (reason === REASON.TOO_MANY_OPEN_ORDERS)
      return new GatewayError('too_many_orders', 'the account has as many open orders as it may have');
    if (reason !== REASON.NONE) return new GatewayError('short_of_memory', 'memory is short: no new orders for now');
    switch (this.#shared.journalState) {
      case JOURNAL_FULL:
        return new GatewayError(
          'journal_full',
          'the journal cannot grow for now (disk space, file descriptors): no orders or cancels are accepted until it can',
        );
      case JOURNAL_FAILED:
        return new GatewayError('unknown_outcome', 'the journal failed: nothing is acknowledged any more');
      default:
        return undefined;
    }
  }

  /** Takes in a turn's events, and answers the commands that they are of. Returns whether there was anything to do. */
  #drain(): boolean {
    const { events, durable: durableSequence } = this.#shared;
    const durable = durableSequence.read();
    const applied = this.#ring.gate(ENGINE_GATE);
    const published = events.published(); // after `applied`: the events of every command up to there are included
    const begin = this.#read;
    let end = Math.min(published, begin + EVENTS_A_TURN);
    const until = performance.now() + TURN_MS;
    let readUpTo = Math.min(durable, applied);
    while (this.#read < end) {
      const at = events.wordOf(this.#read);
      const sequence = events.f64[(at >> 1) + event.F64_SEQUENCE];
      if (sequence > durable) break;
      this.#answerUpTo(sequence - 1);
      const head = this.#pending[this.#head];
      const answered = head?.outcome.sequence === sequence ? head : undefined;
      this.#fanOut.noteFor(answered);
      const kind = kindOf(events.i32, at);
      if (kind === CANCELLING && answered !== undefined) answered.massCancel = events.f64[(at >> 1) + event.F64_MASS_CANCEL];
      else if (kind === CANCELLED_ALL)
        this.#leftOver.end(events.f64[(at >> 1) + event.F64_MASS_CANCEL], events.i32[at + event.ENDED_COUNT]);
      this.view.apply(events.i32, events.f64, at);
      this.#read++;
      if (this.#read % LOOK_EVERY === 0 && performance.now() > until) end = this.#read;
    }
    this.#fanOut.noteFor(undefined);
    this.#hasMore = this.#read === end && end < published;
    if (this.#hasMore) readUpTo = events.f64[(events.wordOf(end - 1) >> 1) + event.F64_SEQUENCE] - 1;
    this.#taken = readUpTo;
    if (this.#read !== begin) events.release(GATEWAY_GATE, this.#read);
    if (this.#read !== begin) this.onTurn();
    if (this.#behind.length > 0) this.#release(readUpTo);
    const answered = this.#answerUpTo(readUpTo);
    return answered || this.#read !== begin;
  }

  /** Answers every command up to a number, with the orders as they are at that point. Returns whether there was one. */
  #answerUpTo(sequence: number): boolean {
    this.#listsUnderWay.forgetUpTo(sequence);
    const begin = this.#head;
    while (this.#head < this.#pending.length && this.#pending[this.#head].outcome.sequence <= sequence) {
      const pending = this.#pending[this.#head++];
      if (pending.replaces !== 0) this.#replacing.delete(pending.replaces);
      if (pending.massCancel === 0) pending.resolve(pending.outcome);
      else this.#leftOver.wait(pending);
    }
    if (this.#head === begin) return false;
    if (this.#head === this.#pending.length) {
      this.#pending.length = 0;
      this.#head = 0;
    } else if (this.#head > MOST_ANSWERED) {
      this.#pending.splice(0, this.#head);
      this.#head = 0;
    }
    return true;
  }

  /** Lets those read who waited for a command, or one before it. */
  #release(sequence: number): void {
    const released = this.#behind.filter((reader) => reader.sequence <= sequence);
    if (released.length === 0) return;
    this.#behind = this.#behind.filter((reader) => reader.sequence > sequence);
    for (const { resolve } of released) resolve();
  }

  /** Answers what waits: nobody knows yet what will come of it. */
  #failPending(why: string): void {
    this.#release(Number.POSITIVE_INFINITY);
    const lost = [...this.#pending.slice(this.#head), ...this.#leftOver.giveUp()];
    this.#pending = [];
    this.#head = 0;
    this.#replacing.clear();
    for (const { reject } of lost) reject(new GatewayError('unknown_outcome', why));
  }
}
