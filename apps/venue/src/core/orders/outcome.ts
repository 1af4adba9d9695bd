import type { Fill, Order, PreventedMatch } from '../../domain/orders.ts';
/** What a command did, told once it is durable. */
export interface Outcome {
  sequence: number;
  /** why it was refused; 0: it was not. For CANCEL_REPLACE: of the new order */
  reason: number;
  /** why its cancel part was refused, 0: it was not */
  cancelReason: number;
  /** the order that was entered, with its fills; of a list: the first */
  order: Order | undefined;
  fills: Fill[];
  /** trades of it that self-trade prevention prevented */
  prevented: PreventedMatch[];
  /** the orders of a list that was entered, and its number (0: it was no list) */
  legs: Order[];
  list: number;
  /** the order that was cancelled or amended */
  changed: Order | undefined;
  /** how many orders of its account (of anybody, where it has none) ended with it, and the first of them: at most MOST_ENDED */
  endedCount: number;
  ended: Order[];
}

export interface Pending {
  outcome: Outcome;
  /** the order that it means, 0: none; and whose orders it may end, -1: anybody's */
  meant: number;
  /** the order that it replaces, 0: none */
  replaces: number;
  account: number;
  /** of the mass cancel that it waits for, 0: none */
  massCancel: number;
  resolve: (outcome: Outcome) => void;
  reject: (error: Error) => void;
}

export function newOutcome(sequence: number, reason = 0): Outcome {
  return {
    sequence,
    reason,
    cancelReason: 0,
    order: undefined,
    fills: [],
    prevented: [],
    legs: [],
    list: 0,
    changed: undefined,
    endedCount: 0,
    ended: [],
  };
}
