/** Orders as the ITCH feed shows them, in their order in time. */
import type { Side } from '@outcry/market/order-terms';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';

/** Words of an order, 32 bytes, by the engine's slot. Slot 0 is none: its neighbours are the newest and the oldest. */
const SHIFT = 3;
const LOTS = 0;
const TICKS = 1;
/** see whereOf */
const WHERE = 3;
const PREVIOUS = 4;
const NEXT = 5;
/** number of the last snapshot that has read it, or began before it was shown */
const SEEN = 6;
/** lots that it showed when the snapshot began, 0: those that it shows. Of one that is kept for a snapshot: the slot that it had. */
const BEFORE = 7;

/**
 * What the feed shows of open orders, outside the heap, linked in the order in which it showed them: their order in time. An order with no lots is not
 * shown, and in no list.
 *
 * One snapshot at a time reads them bit by bit as they were when it began, while they change: what changes before it is read leaves behind
 * what it was. So nothing is copied at once, and to begin costs nothing.
 */
export class ShownOrders {
  readonly #words: Int32Array;
  /** what the feed knows them by */
  readonly #ids: Float64Array;
  /** first of the places for orders that are gone and that the snapshot has yet to read */
  readonly #kept: number;
  #keptTop: number;
  #keptFree = 0;
  /** of the snapshot: its number, and the order that it reads next, 0: none is under way */
  #snapshot = 0;
  #cursor = 0;

  /** @param orders highest slot */
  constructor(orders: number) {
    this.#words = i32Of(reserve((2 * orders + 1) << (SHIFT + 2)));
    this.#ids = f64Of(reserve((2 * orders + 1) * 8));
    this.#kept = orders + 1;
    this.#keptTop = this.#kept;
  }

  /** Lots that show, 0: none. */
  lots(slot: number): number {
    return this.#words[(slot << SHIFT) | LOTS];
  }
  ticks(slot: number): number {
    return this.#words[(slot << SHIFT) | TICKS];
  }
  /** The number that the feed knows an open order by. */
  id(slot: number): number {
    return this.#ids[slot];
  }
  instrument(slot: number): number {
    return instrumentOf(this.#words[(slot << SHIFT) | WHERE]);
  }
  side(slot: number): Side {
    return sideOf(this.#words[(slot << SHIFT) | WHERE]);
  }

  /** An order takes a slot; it is not shown yet. */
  name(slot: number, id: number, instrument: number, side: Side): void {
    this.#ids[slot] = id;
    this.#words[(slot << SHIFT) | WHERE] = whereOf(instrument, side);
  }

  /** Shows so many lots of one that was not shown. */
  show(slot: number, lots: number, ticks: number): void {
    const words = this.#words;
    const at = slot << SHIFT;
    const last = words[PREVIOUS];
    words[at | LOTS] = lots;
    words[at | TICKS] = ticks;
    words[at | PREVIOUS] = last;
    words[at | NEXT] = 0;
    words[at | SEEN] = this.#snapshot;
    words[at | BEFORE] = 0;
    words[(last << SHIFT) | NEXT] = slot;
    words[PREVIOUS] = slot;
  }

  /** Takes lots off one that is shown; without any left it is not shown any more. */
  take(slot: number, lots: number): void {
    const words = this.#words;
    const at = slot << SHIFT;
    const isUnread = this.#cursor !== 0 && words[at | SEEN] !== this.#snapshot;
    if (words[at | LOTS] > lots) {
      if (isUnread && words[at | BEFORE] === 0) words[at | BEFORE] = words[at | LOTS];
      words[at | LOTS] -= lots;
      return;
    }
    if (isUnread) this.#keep(slot);
    else this.#unlink(at);
    words[at | LOTS] = 0;
  }

  #unlink(at: number): void {
    const words = this.#words;
    words[(words[at | PREVIOUS] << SHIFT) | NEXT] = words[at | NEXT];
    words[(words[at | NEXT] << SHIFT) | PREVIOUS] = words[at | PREVIOUS];
  }

  /** Another record takes an order's place in the list until the snapshot has read it. */
  #keep(slot: number): void {
    const words = this.#words;
    const at = slot << SHIFT;
    const kept = this.#keptFree === 0 ? this.#keptTop++ : this.#keptFree;
    const to = kept << SHIFT;
    if (kept === this.#keptFree) this.#keptFree = words[to | NEXT];
    words[to | LOTS] = words[at | BEFORE] === 0 ? words[at | LOTS] : words[at | BEFORE];
    words[to | TICKS] = words[at | TICKS];
    this.#ids[kept] = this.#ids[slot];
    words[to | WHERE] = words[at | WHERE];
    words[to | PREVIOUS] = words[at | PREVIOUS];
    words[to | NEXT] = words[at | NEXT];
    words[to | SEEN] = words[at | SEEN];
    words[to | BEFORE] = slot;
    words[(words[to | PREVIOUS] << SHIFT) | NEXT] = kept;
    words[(words[to | NEXT] << SHIFT) | PREVIOUS] = kept;
    if (this.#cursor === slot) this.#cursor = kept;
  }

  // ── A snapshot ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins a snapshot of what is shown now. The one before must have been read to its end. */
  beginSnapshot(): void {
    if (this.#cursor !== 0) throw new Error('a snapshot is being read');
    this.#snapshot = (this.#snapshot + 1) | 0;
    this.#cursor = this.#words[NEXT];
  }

  /** Whether there are orders of the snapshot that have not been read. */
  get hasUnread(): boolean {
    return this.#cursor !== 0;
  }

  /** Reads the snapshot's next order, the oldest first. */
  read(take: (id: number, instrument: number, side: Side, lots: number, ticks: number) => void): void {
    const words = this.#words;
    const place = this.#cursor;
    const at = place << SHIFT;
    const isKept = place >= this.#kept;
    const before = words[at | BEFORE];
    const lots = isKept || before === 0 ? words[at | LOTS] : before;
    take(this.#ids[place], instrumentOf(words[at | WHERE]), sideOf(words[at | WHERE]), lots, words[at | TICKS]);
    const next = words[at | NEXT];
    // What was shown after the snapshot began stands behind all that was there.
    this.#cursor = next === 0 || words[(next << SHIFT) | SEEN] === this.#snapshot ? 0 : next;
    words[at | SEEN] = this.#snapshot;
    if (isKept) {
      this.#unlink(at);
      words[at | NEXT] = this.#keptFree;
      this.#keptFree = place;
    } else words[at | BEFORE] = 0;
  }

  /** Slots of what is shown now, the oldest first: for tests, while no snapshot is being read. */
  *all(): Generator<number> {
    for (let slot = this.#words[NEXT]; slot !== 0; slot = this.#words[(slot << SHIFT) | NEXT]) yield slot;
  }
}

/** An order's instrument, and its side in the lowest bit. */
function whereOf(instrument: number, side: Side): number {
  return (instrument << 1) | side;
}
function instrumentOf(where: number): number {
  return where >>> 1;
}
function sideOf(where: number): Side {
  return (where & 1) as Side;
}
