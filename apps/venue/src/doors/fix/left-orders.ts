/** Cancels on disconnect for FIX sessions, a few orders at a time. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, GatewayError } from '../../core/orders/gateway.ts';
import type { Order } from '../../domain/orders.ts';
import { cancel } from '../../spine/commands.ts';
import type { FixClient } from './fix-client.ts';

/** Cancels of a client that is gone on their way at once, orders looked at in a turn, and the pause when the venue takes no more. */
const MOST_CANCELS = 64;
const LOOKED_AT = 512;
const AGAIN_MS = 10;

/** A client's orders that are open. */
interface Own {
  /** by id: the logon that it was entered with */
  readonly logons: Map<number, number>;
  isWalking: boolean;
  /** it is gone again: those are to be looked at that it entered meanwhile */
  isDue: boolean;
}

/** Cancel-on-disconnect: what clients entered and left open when they were gone goes too, what was on its way when it comes. */
export class LeftOrders {
  readonly #gateway: Pick<Gateway, 'submit' | 'view'>;
  readonly #own = new Map<FixClient, Own>();

  constructor(gateway: Pick<Gateway, 'submit' | 'view'>) {
    this.#gateway = gateway;
  }

  /** An order of a client is open, which it entered with one of its logons. */
  entered(client: FixClient, order: Order, logon: number): void {
    this.#ownOf(client).logons.set(order.id, logon);
    if (client.login.cancelOnDisconnect && logon <= client.ended) void this.#cancelSurely(order);
  }

  /** An order is open no more. */
  over(client: FixClient, id: number): void {
    this.#own.get(client)?.logons.delete(id);
  }

  gone(client: FixClient): void {
    client.ended = client.logons;
    if (!client.login.cancelOnDisconnect) return;
    const own = this.#ownOf(client);
    own.isDue = true;
    if (!own.isWalking) void this.#walk(client, own);
  }

  #ownOf(client: FixClient): Own {
    let own = this.#own.get(client);
    if (own === undefined) {
      own = { logons: new Map(), isWalking: false, isDue: false };
      this.#own.set(client, own);
    }
    return own;
  }

  /** One walk a client: whoever comes and goes begins no other. */
  async #walk(client: FixClient, own: Own): Promise<void> {
    own.isWalking = true;
    while (own.isDue) {
      own.isDue = false;
      await this.#cancelAll(client, own);
    }
    own.isWalking = false;
  }

  async #cancelAll(client: FixClient, { logons }: Own): Promise<void> {
    let looked = 0;
    let underWay: Promise<void>[] = [];
    for (const [id, logon] of logons) {
      if (++looked % LOOKED_AT === 0) await nextTurn();
      const order = logon <= client.ended ? this.#gateway.view.orders.get(id) : undefined;
      if (order === undefined) continue;
      underWay.push(this.#cancelSurely(order));
      if (underWay.length < MOST_CANCELS) continue;
      await Promise.all(underWay);
      underWay = [];
    }
    await Promise.all(underWay);
  }

  /** Cancels when the venue takes commands: now, or when it does again. */
  async #cancelSurely(order: Order): Promise<void> {
    for (;;) {
      try {
        await this.#gateway.submit(cancel(order.account, order.instrument, order.id));
        return;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        if (error.code === 'unknown_outcome') return; // it is in the journal, or the venue is at its end
        await sleep(AGAIN_MS);
      }
    }
  }
}
