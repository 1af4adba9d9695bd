import { openOrdersOf } from '@outcry/engine/account-orders';
import { REASON } from '@outcry/market/reason';
import { SlotPoolGauge } from '@outcry/memory/slot-pool';
import { i32Of } from '@outcry/memory/span';
import { ENGINE_GATE, type EnginePools, type Shared } from '../threads/shared.ts';
import type { VenueConfig } from './config.ts';

/** Share of the order pool that new orders may fill: the rest is for replacements, and for what is on its way. */
const FULL = 0.9;
/** An account may fill this share of the pool, but always so many places. */
const SHARE = 0.25;
const LEAST = 50;

/** How many orders there may be: in all, and of one account. */
export interface AdmissionLimits {
  orders: number;
  perAccount: number;
}

/** What a configuration lets in: where it does not say, an account may fill a share of the pool. */
export function admissionOf({ limits: { orders }, ordersPerAccount }: Pick<VenueConfig, 'limits' | 'ordersPerAccount'>): AdmissionLimits {
  return { orders, perAccount: ordersPerAccount !== 0 ? ordersPerAccount : Math.max(LEAST, Math.floor(orders * SHARE)) };
}

/** Whether new orders are let in. */
export interface Entrance {
  /** Why an account may not enter so many orders more, NONE: it may. @param unsent commands of this door that are not in the ring yet */
  refusal(account: number, more: number, unsent?: number): number;
}

/**
 * What every door asks before it sends a new order: whether there is room, and whether its account may have one more. It reads the
 * engine's own counts, from whichever thread; what is on its way counts as orders too. Cancels and replacements need not ask.
 */
export class Admission implements Entrance {
  readonly #shared: Shared;
  readonly #orders: SlotPoolGauge;
  readonly #owners: Int32Array;
  readonly #perAccount: number;
  /** open orders and commands under way beyond which no new ones are taken */
  readonly #most: number;

  constructor(shared: Shared, pools: EnginePools, { orders, perAccount }: AdmissionLimits) {
    this.#shared = shared;
    this.#orders = new SlotPoolGauge(pools.orders);
    this.#owners = i32Of(pools.owners);
    this.#perAccount = perAccount;
    this.#most = Math.min(orders, this.#orders.capacity) * FULL;
  }

  refusal(account: number, more: number, unsent = 0): number {
    if (openOrdersOf(this.#owners, account) + more > this.#perAccount) return REASON.TOO_MANY_OPEN_ORDERS;
    const { commands } = this.#shared;
    const underWay = commands.published() - commands.gate(ENGINE_GATE) + unsent;
    const isFull = this.#orders.inUse + underWay >= this.#most;
    return isFull || this.#shared.isShortOfMemory ? REASON.OUT_OF_ORDERS : REASON.NONE;
  }
}
