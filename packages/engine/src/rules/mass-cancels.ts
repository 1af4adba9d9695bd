/** Mass cancels that take more than one command. */
import { order as orderRecord } from '@outcry/book/records';
import { EVENT } from '@outcry/market/event';
import { REASON } from '@outcry/market/reason';
import { bytesOf } from '@outcry/memory/span';
import type { Engine } from '../engine.ts';
import type { Entry } from './entry.ts';
import { special } from './special-orders.ts';

const { WORDS, QUANTITY: LEFT, TERMS, ACCOUNT } = orderRecord;
const ANY = -1;

/** Orders that a mass cancel ends with one command, and orders that it looks at for them: the rest before the next commands. */
const MOST_CANCELLED = 256;
const MOST_LOOKED_AT = 65_536;
/** Different ones of an account that may be under way: one of all its orders may always be. */
const MOST_RUNNING = 8;

/** Which orders are meant; ANY: whichever. */
interface Meant {
  account: number;
  instrument: number;
  side: number;
  session: number;
}

/** A mass cancel that is not done. */
interface Running extends Meant {
  /** of its command */
  sequence: number;
  /** the slot that it looks at next */
  next: number;
  /** orders that ended by it, those of their lists included */
  ended: number;
}

/** Numbers of an image for each that runs. */
const NUMBERS = 7;

/**
 * Mass cancels, in slices: docs/rules.md, "Controls". While one runs, orders that it would mean are refused, so that which orders it means
 * needs no note, and one that means no others than a running one is done when that is.
 */
export class MassCancels {
  readonly #engine: Engine;
  readonly #orders: Int32Array;
  /** those that run: the first has the next turn */
  #running: Running[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#orders = engine.memory.orders.i32;
  }

  get areRunning(): boolean {
    return this.#running.length > 0;
  }

  /** Cancels open orders, some of them later where they are many; -1 stands for any. Returns a reason when what is meant does not exist. */
  begin(account: number, instrument: number, side: number, session: number): number {
    const { ledger, instruments, writer, ruleBook } = this.#engine;
    if (account !== ANY && !ledger.hasAccount(account)) return REASON.UNKNOWN_ACCOUNT;
    if (instrument !== ANY && !instruments.has(instrument)) return REASON.UNKNOWN_INSTRUMENT;
    if (side < ANY || side > 1 || session < ANY) return REASON.INVALID_TERMS;
    let running: Running | undefined;
    if (!this.#areFew(account)) running = this.#running.find((other) => covers(other, { account, instrument, side, session }));
    if (running === undefined) {
      running = { account, instrument, side, session, sequence: writer.sequence, next: 1, ended: 0 };
      if (!this.#areFew(account) && this.#isOneTooMany(running)) return REASON.TOO_MANY_MESSAGES;
      if (this.#slice(running)) return REASON.NONE;
      this.#running.push(running);
      ruleBook.cascade.due[0] = 0;
    }
    writer.notice(EVENT.CANCELLING, 0, 0, account, 0, 0, running.sequence, 0);
    return REASON.NONE;
  }

  /** Ends some more orders of the one whose turn it is. */
  goOn(): void {
    const running = this.#running.shift()!;
    if (this.#slice(running)) this.#engine.writer.notice(EVENT.CANCELLED_ALL, 0, 0, running.account, 0, running.ended, running.sequence, 0);
    else this.#running.push(running);
  }

  /** Whether an order that is to be entered would be meant by one that runs. */
  refuses({ account, instrument, side, session }: Entry): boolean {
    return this.#running.some((running) => covers(running, { account, instrument, side, session }));
  }

  used(): Uint8Array {
    const numbers = this.#running.flatMap((running) => [
      running.account,
      running.instrument,
      running.side,
      running.session,
      running.sequence,
      running.next,
      running.ended,
    ]);
    return bytesOf(new Float64Array(numbers));
  }

  restore(bytes: Uint8Array): void {
    const numbers = new Float64Array(Uint8Array.from(bytes).buffer);
    this.#running = [];
    for (let at = 0; at < numbers.length; at += NUMBERS) {
      const [account, instrument, side, session, sequence, next, ended] = numbers.subarray(at, at + NUMBERS);
      this.#running.push({ account, instrument, side, session, sequence, next, ended });
    }
  }

  /** Ends orders as long as they are not too many. Returns whether none are left. */
  #slice(running: Running): boolean {
    if (this.#areFew(running.account)) {
      for (const slot of this.#engine.details.byAccount.of(running.account)) if (this.#isMeant(running, slot)) this.#end(running, slot);
      return true;
    }
    const { top } = this.#engine.memory.orders;
    const end = Math.min(top, running.next + MOST_LOOKED_AT);
    for (let left = MOST_CANCELLED; running.next < end; running.next++) {
      if (!this.#isMeant(running, running.next)) continue;
      if (left-- === 0) return false;
      this.#end(running, running.next);
    }
    return running.next >= top;
  }

  #end(running: Running, slot: number): void {
    const { memory, ruleBook } = this.#engine;
    const before = memory.orders.inUse;
    ruleBook.ending.end(slot, REASON.MASS_CANCEL);
    running.ended += before - memory.orders.inUse;
  }

  #isMeant({ account, instrument, side, session }: Meant, slot: number): boolean {
    const at = slot * WORDS;
    if (this.#orders[at + LEFT] === 0) return false; // not open, or ended with another of its list
    const terms = this.#orders[at + TERMS];
    return (
      (account === ANY || this.#orders[at + ACCOUNT] === account) &&
      (instrument === ANY || (terms & 0xffff) === instrument) &&
      (side === ANY || ((terms >>> 16) & 1) === side) &&
      (session === ANY || this.#sessionOf(slot) === session)
    );
  }

  #sessionOf(slot: number): number {
    const { specials } = this.#engine;
    const record = specials.of(slot);
    return record === 0 ? 0 : specials.i32[record * special.WORDS + special.SESSION];
  }

  /** Whether all open orders of an account can end at once. */
  #areFew(account: number): boolean {
    return account !== ANY && this.#engine.details.byAccount.countOf(account) <= MOST_CANCELLED;
  }

  #isOneTooMany(running: Running): boolean {
    if (running.instrument === ANY && running.side === ANY && running.session === ANY) return false;
    return this.#running.filter(({ account }) => account === running.account).length >= MOST_RUNNING;
  }
}

/** Whether one means all that another means. */
function covers(one: Meant, other: Meant): boolean {
  return (
    (one.account === ANY || one.account === other.account) &&
    (one.instrument === ANY || one.instrument === other.instrument) &&
    (one.side === ANY || one.side === other.side) &&
    (one.session === ANY || one.session === other.session)
  );
}
