/** Walks an account's open orders in slices, oldest first. */
import type { Order } from '../../domain/orders.ts';
import type { Slices } from '../fairness/slices.ts';
import type { OpenOrders } from './open-orders.ts';
import type { OrderCursor } from './order-cursors.ts';

/** Orders of a slice, and those looked at for it. */
const ORDERS_A_SLICE = 32;
const LOOKS_A_SLICE = 512;

/**
 * An account's orders, oldest first, in slices of a turn of the event loop: an account may have a million. They come and go meanwhile; it
 * ends after as many as there were when it began. @param isWanted of an order's slot @param from the first slot, by default the oldest order's
 */
export async function* walkOrders(
  orders: OpenOrders,
  slices: Slices,
  account: number,
  isWanted: (slot: number) => boolean = () => true,
  from = orders.first(account),
): AsyncGenerator<Order[]> {
  const cursor: OrderCursor = { slot: from };
  let left = orders.countOf(account);
  orders.hold(cursor);
  try {
    while (cursor.slot !== 0 && left > 0) {
      await slices.wait(account);
      orders.release(cursor);
      const slice: Order[] = [];
      let looks = 0;
      for (; cursor.slot !== 0 && looks < Math.min(left, LOOKS_A_SLICE) && slice.length < ORDERS_A_SLICE; looks++) {
        if (isWanted(cursor.slot)) slice.push(orders.copy(cursor.slot));
        cursor.slot = orders.next(cursor.slot);
      }
      left -= looks;
      orders.hold(cursor);
      yield slice;
    }
  } finally {
    orders.release(cursor);
  }
}
