/** Commands as tests of the rule book state them. */
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';

/** Terms beyond price, quantity and time in force, as a test states them. */
export interface SpecialTerms {
  trigger?: number;
  source?: number;
  stopPrice?: number;
  trailUnit?: number;
  trail?: number;
  display?: number;
  minQuantity?: number;
  peg?: number;
  pegOffset?: number;
  pegOnce?: boolean;
  pegLevels?: boolean;
  hidden?: boolean;
  slide?: boolean;
  selfTrade?: number;
  session?: number;
  expiry?: number;
}

/** An order as a test states it. */
export interface OrderSpec {
  account: number;
  instrument: number;
  side: Side;
  kind: OrderKind;
  timeInForce: TimeInForce;
  postOnly: boolean;
  price: number;
  quantity: number;
  amount: number;
  client: number;
  terms?: SpecialTerms;
}

/** A command, with orders by their number in the order of acceptance. */
export type VenueCommand =
  | { kind: 'order'; order: OrderSpec }
  | { kind: 'replace'; old: number; order: OrderSpec; evenIfGone: boolean; lessTraded: boolean }
  | { kind: 'cancel'; account: number; instrument: number; order: number }
  | { kind: 'amend'; account: number; instrument: number; order: number; quantity: number }
  | { kind: 'list'; type: number; legs: OrderSpec[] }
  | { kind: 'deposit' | 'withdraw'; account: number; asset: number; amount: number; reference: string }
  | { kind: 'transfer'; from: number; to: number; asset: number; amount: number }
  | { kind: 'state'; instrument: number; state: number; reference: number }
  | { kind: 'rule'; instrument: number; rule: number; value: number }
  | { kind: 'accountRule'; account: number; rule: number; asset: number; value: number }
  | { kind: 'tier'; tier: number; maker: number; taker: number }
  | { kind: 'massCancel'; account: number; instrument: number; side: number; session: number }
  | { kind: 'risk'; checked: boolean }
  | { kind: 'clock' };
