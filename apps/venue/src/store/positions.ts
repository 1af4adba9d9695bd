/** Positions of accounts at average cost, from their trades. */
import { BUY } from '@outcry/market/order-terms';
import type { StoreReader } from './store.ts';
import type { StoredTrade } from './stored-rows.ts';

/** What an account's trades of an instrument come to: lots, and quote units. */
interface Position {
  /** bought less sold; below 0: sold more than bought */
  lots: bigint;
  /** what the open lots were bought (or sold) for */
  cost: bigint;
  /** gains of the lots that were closed, before fees */
  realized: bigint;
}

/** Adds up trades, oldest first, at average cost: what closes a position takes its share of the cost, rounded toward zero. */
export function positionOf(trades: Iterable<StoredTrade>, account: number): Position {
  const position = { lots: 0n, cost: 0n, realized: 0n };
  for (const trade of trades) addTrade(position, trade, account);
  return position;
}

/** Positions of accounts and instruments that are remembered, the least asked for going first. */
const MOST_POSITIONS = 10_000;
/** Trades that are asked for at once. */
const PAGE = 2000;

/**
 * Positions by {@link positionOf}. What was added up is kept, so that a question reads the trades since the one before it, also when that
 * one was ended before it had all.
 */
export class Positions {
  readonly #known = new Map<string, Position & { lastTrade: number }>();

  /** An account's position. Rejects with what the reader's check throws: asked again, it goes on where it was. */
  async read(history: StoreReader, account: number, instrument: number): Promise<Position> {
    const key = `${account} ${instrument}`;
    const position = this.#known.get(key) ?? { lots: 0n, cost: 0n, realized: 0n, lastTrade: 0 };
    this.#known.delete(key);
    this.#known.set(key, position);
    if (this.#known.size > MOST_POSITIONS) this.#known.delete(this.#known.keys().next().value!);
    for (let page = PAGE; page === PAGE; ) {
      const trades = await history.tradesOf(account, instrument, { from: position.lastTrade + 1, limit: PAGE });
      for (const trade of trades) {
        addTrade(position, trade, account);
        position.lastTrade = trade.id;
      }
      page = trades.length;
    }
    return position;
  }
}

function addTrade(position: Position, trade: StoredTrade, account: number): void {
  const takerBuys = trade.takerSide === BUY;
  if (trade.taker === account) add(position, takerBuys, BigInt(trade.quantity), BigInt(trade.amount));
  if (trade.maker === account) add(position, !takerBuys, BigInt(trade.quantity), BigInt(trade.amount));
}

function add(position: Position, isBuy: boolean, lots: bigint, amount: bigint): void {
  const isLong = position.lots > 0n;
  const openLots = position.lots < 0n ? -position.lots : position.lots;
  const closing = openLots > 0n && isBuy !== isLong ? (lots < openLots ? lots : openLots) : 0n;
  if (closing > 0n) {
    const costShare = (position.cost * closing) / openLots;
    const amountShare = (amount * closing) / lots;
    position.realized += isLong ? amountShare - costShare : costShare - amountShare;
    position.cost -= costShare;
    position.cost += amount - amountShare;
  } else position.cost += amount;
  position.lots += isBuy ? lots : -lots;
}
