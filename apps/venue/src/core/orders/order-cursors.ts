/** A place in an account's orders, kept over turns of the event loop while it is held: see {@link OpenOrders.hold}. */
export interface OrderCursor {
  /** of the next order, 0: there is none */
  slot: number;
}

/** Which cursors are held at which orders. Few are at any time, and only an order that one is held at is looked for here. */
export class HeldCursors {
  readonly #bySlot = new Map<number, Set<OrderCursor>>();

  /** Returns whether it is the first at its order. */
  hold(cursor: OrderCursor): boolean {
    const held = this.#bySlot.get(cursor.slot);
    if (held !== undefined) {
      held.add(cursor);
      return false;
    }
    this.#bySlot.set(cursor.slot, new Set([cursor]));
    return true;
  }

  /** Returns whether it was the last at its order. */
  release(cursor: OrderCursor): boolean {
    const held = this.#bySlot.get(cursor.slot);
    if (held === undefined || !held.delete(cursor) || held.size > 0) return false;
    return this.#bySlot.delete(cursor.slot);
  }

  /** The cursors at an order, which are not held any more. */
  take(slot: number): Iterable<OrderCursor> {
    const held = this.#bySlot.get(slot);
    this.#bySlot.delete(slot);
    return held ?? [];
  }
}
