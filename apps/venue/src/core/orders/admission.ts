/** Admission: whether there is room for a new order, in memory and in its account's limit. */
import { accountsOf, openOrdersOf } from '@outcry/engine/account-orders';
import { ALLOW_FAILURE, COMMAND } from '@outcry/market/command';
import { flagsOf, kindOf } from '@outcry/market/command-head';
import { REASON } from '@outcry/market/reason';
import { SlotPoolGauge } from '@outcry/memory/slot-pool';
import { i32Of } from '@outcry/memory/span';
import type { VenueConfig } from '../../domain/config.ts';
import type { CommandFields } from '../../spine/commands.ts';
import { ENGINE_GATE, type EnginePools, type Shared } from '../../spine/shared.ts';
import { UnderWay } from './under-way.ts';

/** Share of the order pool that new orders may fill: the rest is for replacements, and for what is on its way. */
const FULL = 0.9;
/** An account may fill this share of the pool, but always so many places. */
const SHARE = 0.25;
const LEAST = 50;
/** Milliseconds for the engine to get to the end of a batch; one that is held up is not waited for. */
const LONGEST_BATCH_MS = 0.5;

/** How many orders there may be: in all, and of one account. */
export interface AdmissionLimits {
  orders: number;
  perAccount: number;
}

/** What a configuration lets in: where it does not say, an account may fill a share of the pool. */
export function admissionOf({ limits: { orders }, ordersPerAccount }: Pick<VenueConfig, 'limits' | 'ordersPerAccount'>): AdmissionLimits {
  return { orders, perAccount: ordersPerAccount !== 0 ? ordersPerAccount : Math.max(LEAST, Math.floor(orders * SHARE)) };
}

/** Whether new orders are let in, and what of them is on its way. */
export interface Entrance {
  /** Why an account may not enter so many orders more, NONE: it may. @param unsent commands of this door that are not in the ring yet */
  refusal(account: number, more: number, unsent?: number): number;
  /** A command is collected that enters so many orders. @param records collected and not sent yet, with its own */
  enter(account: number, orders: number, records: number): void;
  /** What was collected is in the ring, from a position on. */
  sentFrom(first: number): void;
  /** What was collected found no room. */
  drop(): void;
}

const nothing = () => undefined;

/** Lets everything in. */
export const EVERYTHING: Entrance = { refusal: () => REASON.NONE, enter: nothing, sentFrom: nothing, drop: nothing };

/**
 * What every door asks before it sends a new order: whether there is room, and whether its account may have one more. It reads the
 * engine's own counts, from whichever thread; what its own door has on its way counts as orders too. Cancels, and replacements that enter
 * nothing when there was nothing to replace, need not ask. One thread's.
 */
export class Admission implements Entrance {
  /** Asked to look again when memory is said to be short. */
  onShort = nothing as () => void;
  readonly #shared: Shared;
  readonly #orders: SlotPoolGauge;
  readonly #owners: Int32Array;
  readonly #underWay: UnderWay;
  readonly #perAccount: number;
  /** open orders and commands under way beyond which no new ones are taken */
  readonly #most: number;
  /** where the engine stood when it was last waited for in vain */
  #waitedAt = -1;

  constructor(shared: Shared, pools: EnginePools, { orders, perAccount }: AdmissionLimits) {
    this.#shared = shared;
    this.#orders = new SlotPoolGauge(pools.orders);
    this.#owners = i32Of(pools.owners);
    this.#underWay = new UnderWay(shared.commands.capacity, accountsOf(this.#owners));
    this.#perAccount = perAccount;
    this.#most = Math.min(orders, this.#orders.capacity) * FULL;
  }

  refusal(account: number, more: number, unsent = 0): number {
    if (this.#hasTooMany(account, more)) return REASON.TOO_MANY_OPEN_ORDERS;
    if (this.#shared.isShortOfMemory) this.onShort(); // as it is now, not as it was at the last look
    const { commands } = this.#shared;
    const underWay = commands.published() - commands.gate(ENGINE_GATE) + unsent;
    const isFull = this.#orders.inUse + underWay >= this.#most;
    return isFull || this.#shared.isShortOfMemory ? REASON.OUT_OF_ORDERS : REASON.NONE;
  }

  enter(account: number, orders: number, records: number): void {
    this.#underWay.enter(account, orders, records);
  }

  sentFrom(first: number): void {
    this.#underWay.sentFrom(first);
  }

  drop(): void {
    this.#underWay.drop();
  }

  /**
   * Whether an account would have more than it may. While the engine is amid a batch, what it has applied of that is open and under way
   * both: an account that is near its limit waits for the end of the batch then, which is microseconds away, so that none is refused wrongly.
   */
  #hasTooMany(account: number, more: number): boolean {
    const { commands, begun } = this.#shared;
    const room = this.#perAccount - more;
    let until = 0;
    for (;;) {
      const applied = commands.gate(ENGINE_GATE);
      this.#underWay.applied(applied);
      const openCount = openOrdersOf(this.#owners, account);
      const underWay = this.#underWay.of(account);
      if (openCount + underWay <= room) return false;
      if (openCount > room || begun.read() <= applied || applied === this.#waitedAt) return true;
      const now = performance.now();
      if (until === 0) until = now + LONGEST_BATCH_MS;
      else if (now > until) this.#waitedAt = applied;
    }
  }
}

/** Whether a command puts an order in the place of one that is open. */
export function isReplacement({ head, orderId = 0 }: CommandFields): boolean {
  return kindOf(head) === COMMAND.CANCEL_REPLACE && orderId !== 0;
}

/** Whether a command may leave its account with more orders than it had. One that replaces an order may, when that is gone by then. */
export function mayEnter({ head }: CommandFields): boolean {
  const kind = kindOf(head);
  if (kind === COMMAND.CANCEL_REPLACE) return (flagsOf(head) & ALLOW_FAILURE) !== 0;
  return kind === COMMAND.NEW_ORDER || kind === COMMAND.NEW_LIST;
}
