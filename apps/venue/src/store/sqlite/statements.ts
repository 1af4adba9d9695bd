/** The SQL that the store is written with. */
import { BASE, BASE_BITS } from '../../domain/exact.ts';
import { CANDLE_SUMS } from './schema.ts';

/** Adds to a sum of a candle, as addExact does. */
const addSum = (name: string) => `${name} = (${name} + excluded.${name}) & ${BASE - 1},
    ${name}_high = ${name}_high + excluded.${name}_high + ((${name} + excluded.${name}) >> ${BASE_BITS})`;

/** What a batch of the store's writer is written with. */
export const STATEMENTS = {
  order: `INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  change: `UPDATE orders SET executed = executed + ?, executed_amount = executed_amount + ?, status = coalesce(?, status),
    update_time = ?, quantity = coalesce(?, quantity), price = coalesce(?, price),
    decremented = decremented + ?, prevented_match = coalesce(?, prevented_match) WHERE id = ?`,
  list: `INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?, ?)`,
  trade: `INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  prevented: `INSERT INTO prevented_matches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  amendment: `INSERT INTO amendments VALUES (?, ?, ?, ?, ?)`,
  balance: `INSERT INTO balances VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET available = excluded.available, held = excluded.held`,
  candle: `INSERT INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    high = max(high, excluded.high), low = min(low, excluded.low), close = excluded.close, trades = trades + excluded.trades,
    ${CANDLE_SUMS.map(addSum).join(', ')}`,
  meta: `INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
} as const;

/** Places of an order's row, by column. */
export const ORDER = {
  PRICE: 6,
  QUANTITY: 7,
  AMOUNT: 8,
  EXECUTED: 9,
  EXECUTED_AMOUNT: 10,
  STATUS: 11,
  UPDATE_TIME: 13,
  DECREMENTED: 16,
  MATCH: 17,
} as const;
/** Places of a change's row: what is added, what it is set to (null: it stays), and of which order. */
export const CHANGE = {
  EXECUTED: 0,
  EXECUTED_AMOUNT: 1,
  STATUS: 2,
  UPDATE_TIME: 3,
  QUANTITY: 4,
  PRICE: 5,
  DECREMENTED: 6,
  MATCH: 7,
} as const;
