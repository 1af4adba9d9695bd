/** Long work for OUCH clients, a little in each turn: mass cancels, lists of open orders. */
import { sideOf } from './codes.ts';
import { sideLetterOf } from './order-letters.ts';
import type { OrderTable } from './order-table.ts';
import type { Flow, Walk } from './port.ts';
import type { Meant } from './request-tags.ts';

/** Orders that are looked at before the others of the thread get their turn, in all and of one walk: some 100 µs. */
const ORDERS_A_TURN = 2048;
const ORDERS_A_STEP = 256;

/** What a walk does with each order. Returns false when it cannot be done now: the walk goes on from there, later. */
type Visit = (slot: number) => boolean;

interface UnderWay {
  readonly walk: Walk;
  readonly visit: Visit;
  readonly done: () => void;
}

/** What concerns many orders of a client is done a little a turn, and waits where there is no room: cancelling them, telling of them. */
export class Walks {
  readonly #table: OrderTable;
  #underWay: UnderWay[] = [];

  constructor(table: OrderTable) {
    this.#table = table;
  }

  get count(): number {
    return this.#underWay.length;
  }

  /** Goes through a flow's orders; the first few at once. */
  begin(flow: Flow, from: number, visit: Visit, done: () => void = nothing): Walk {
    const walk: Walk = { flow, at: from };
    flow.walks.push(walk);
    const each = { walk, visit, done };
    this.#step(each);
    this.#finish(each);
    return walk;
  }

  /** To be called every turn. Returns whether anything was done. */
  go(): boolean {
    let left = Math.ceil(ORDERS_A_TURN / ORDERS_A_STEP);
    let visited = 0;
    for (let waiting = Math.min(left, this.#underWay.length); waiting > 0 && left > 0; waiting--, left--) {
      const each = this.#underWay.shift()!;
      visited += this.#step(each);
      this.#finish(each);
    }
    return visited > 0;
  }

  #step({ walk, visit }: UnderWay): number {
    let visited = 0;
    for (; visited < ORDERS_A_STEP && walk.at !== 0; visited++) {
      const slot = walk.at;
      if (!visit(slot)) break;
      walk.at = this.#table.after(slot);
    }
    return visited;
  }

  #finish(each: UnderWay): void {
    const { walk, done } = each;
    if (walk.at !== 0) {
      this.#underWay.push(each);
      return;
    }
    walk.flow.walks.splice(walk.flow.walks.indexOf(walk), 1);
    done();
  }
}

const nothing = () => undefined;

/** Whether a mass cancel means an order. */
export function isMeant(table: OrderTable, slot: number, { instrument, side, group }: Meant): boolean {
  if (instrument >= 0 && table.instrumentOf(slot) !== instrument) return false;
  if (side >= 0 && sideOf(sideLetterOf(table.lettersOf(slot))) !== side) return false;
  return group < 0 || table.groupOf(slot) === group;
}
