import type { Side } from '@outcry/market/order-terms';
import { isPostOnly, orderKindOf, timeInForceOf } from '@outcry/market/order-word';
import type { Candle } from '../../domain/candle.ts';
import { exact } from '../../domain/exact.ts';
import type { Order, Strategy } from '../../domain/orders.ts';
import type { SpecialTerms } from '../../domain/special-terms.ts';
import type { Row } from './rows.ts';
import type { CANDLE_SUMS } from './schema.ts';

// What rows say, in the venue's terms.

/** Columns under the names of StoredTrade, and of StoredList. */
export const TRADE_COLUMNS = `instrument, id, aggregate, price, quantity, amount, time, taker_side AS takerSide, maker, maker_order AS makerOrder,
  maker_fee AS makerFee, maker_fee_asset AS makerFeeAsset, taker, taker_order AS takerOrder, taker_fee AS takerFee,
  taker_fee_asset AS takerFeeAsset`;
/** ... and of PreventedMatch. */
export const PREVENTED_COLUMNS = `instrument, id, mode, price, quantity, trade_group AS "group", time, maker, maker_order AS makerOrder,
  maker_quantity AS makerQuantity, taker, taker_order AS takerOrder, taker_quantity AS takerQuantity`;
export const LIST_COLUMNS = 'id, account, instrument, type, client_id AS clientId, time';

export function toCandle(row: Record<string, number>): Candle {
  const sum = (name: (typeof CANDLE_SUMS)[number]) => exact(row[`${name}_high`], row[name]);
  return {
    openTime: row.open_time / 1000,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    quantity: sum('quantity'),
    amount: sum('amount'),
    trades: row.trades,
    takerBuyQuantity: sum('taker_buy_quantity'),
    takerBuyAmount: sum('taker_buy_amount'),
  };
}

/** What few orders have, as one text; null: nothing of it. */
export function specialText(terms: SpecialTerms | undefined, strategy: Strategy | undefined): string | null {
  return terms === undefined && strategy === undefined ? null : JSON.stringify({ ...terms, strategy });
}

function specialOf(text: string | number | null): Pick<Order, 'terms' | 'strategy'> {
  if (text === null) return { terms: undefined, strategy: undefined };
  const { strategy, ...terms } = JSON.parse(String(text)) as SpecialTerms & { strategy?: Strategy };
  return { terms: terms.flags === undefined ? undefined : terms, strategy };
}

export function toOrder(row: Row): Order {
  const terms = Number(row.terms);
  return {
    id: Number(row.id),
    account: Number(row.account),
    instrument: Number(row.instrument),
    clientId: String(row.client_id),
    side: Number(row.side) as Side,
    kind: orderKindOf(terms),
    timeInForce: timeInForceOf(terms),
    postOnly: isPostOnly(terms),
    price: Number(row.price),
    quantity: Number(row.quantity),
    amount: Number(row.amount),
    left: Number(row.quantity) - Number(row.executed),
    executedAmount: Number(row.executed_amount),
    status: Number(row.status),
    time: Number(row.time),
    updateTime: Number(row.update_time),
    resting: Number(row.status) < 2,
    shown: 0,
    waiting: false,
    ...specialOf(row.special),
    decremented: Number(row.decremented),
    preventedMatch: Number(row.prevented_match),
  };
}
