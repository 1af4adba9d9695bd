/** One run of the figure `rules`, in a process of its own. */
import fs from 'node:fs';
import { Engine } from '@outcry/engine/engine';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { BUY, GTC, LIMIT, SELL, type Side, STOP, TRAIL_TICKS } from '@outcry/market/order-terms';
import { TRADING_STATE } from '@outcry/market/states';
import { terms, termsFlags } from '@outcry/market/terms';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { apply, BENCH_LIMITS, CommandBlock, setUpCommands, UnreadEvents } from '../engine-workload.ts';

raiseInliningBudget();

/** What one run of the rules' process reports, on file descriptor 3. */
export interface RulesRun {
  /** nanoseconds a trade, with so many resting stops that do not fire */
  nsPerTrade: number;
  /** the same while every trade moves the extremes of as many trailing stops */
  nsPerTrailedTrade: number;
  /** nanoseconds to fire a stop and let its order rest */
  nsPerFiring: number;
  /** milliseconds to uncross */
  auctionMs: number;
  auctionTrades: number;
  correct: boolean;
}

const { PRICE, QUANTITY, ASSET } = command;
const ACCOUNTS = 1000;
const MIDDLE = 1_000_000;
const TRADES = 100_000;

const [stops, auctioned] = process.argv.slice(2).map(Number);

function freshEngine(): Engine {
  const engine = new Engine(new UnreadEvents(), BENCH_LIMITS);
  apply(engine, setUpCommands(ACCOUNTS));
  return engine;
}

function order(block: CommandBlock, n: number, side: Side, price: number, quantity = 1): void {
  const at = block.next(commandHead(COMMAND.NEW_ORDER, side, LIMIT, GTC), n % ACCOUNTS);
  block.i32[at + PRICE] = price;
  block.i32[at + QUANTITY] = quantity;
}

function withTerms(block: CommandBlock, words: Record<number, number>): void {
  const at = block.next(commandHead(COMMAND.TERMS), 0);
  block.i32.fill(0, at + 1, at + command.WORDS);
  for (const [word, value] of Object.entries(words)) block.i32[at + Number(word)] = value;
}

/** Trades of one lot, each at the price that `priceOf` gives. */
function trades(count: number, priceOf: (i: number) => number): CommandBlock {
  const block = new CommandBlock(count * 2);
  for (let i = 0; i < count; i++) {
    order(block, i, SELL, priceOf(i));
    order(block, i + 1, BUY, priceOf(i));
  }
  return block;
}

function timed(engine: Engine, block: CommandBlock): number {
  const started = performance.now();
  apply(engine, block);
  return (performance.now() - started) * 1e6;
}

const tradesOf = (engine: Engine) => engine.instruments.f64[6];

/** Stops to sell below the market and to buy above it, a million ticks wide. */
function placeStops(engine: Engine): void {
  const block = new CommandBlock(stops * 2);
  for (let i = 0; i < stops; i++) {
    const side = (i & 1) as Side;
    const away = 1000 + ((i * 7919) % 400_000);
    const stopPrice = side === BUY ? MIDDLE + away : MIDDLE - away;
    withTerms(block, { [terms.FLAGS]: termsFlags({ trigger: STOP }), [terms.STOP_PRICE]: stopPrice });
    order(block, i, side, side === BUY ? 1 : 2_000_000);
  }
  apply(engine, block);
}

/** Ever new highs, so that all trailing stops to sell move with each trade. */
function placeTrails(engine: Engine): void {
  const block = new CommandBlock(stops * 2);
  for (let i = 0; i < stops; i++) {
    const trail = 500_000 + ((i * 7919) % 100_000);
    withTerms(block, { [terms.FLAGS]: termsFlags({ trigger: STOP, trailUnit: TRAIL_TICKS }), [terms.TRAIL]: trail });
    order(block, i, SELL, 3_000_000);
  }
  apply(engine, block);
}

let correct = true;
const quiet = freshEngine();
apply(
  quiet,
  trades(20_000, (i) => MIDDLE + (i % 50)),
);
placeStops(quiet);
const nsPerTrade =
  timed(
    quiet,
    trades(TRADES, (i) => MIDDLE + (i % 50)),
  ) / TRADES;
correct &&= tradesOf(quiet) === 20_000 + TRADES && quiet.specials.pool.inUse === stops;

const before = quiet.specials.pool.inUse;
const sweep = trades(Math.min(TRADES, 100_000), (i) => MIDDLE + 1000 + i * 4);
const sweepNs = timed(quiet, sweep);
const waiting = quiet.instruments.ruleWords[2];
const nsPerFiring = stops === 0 ? 0 : sweepNs / Math.max(1, before - waiting);

const trailing = freshEngine();
apply(
  trailing,
  trades(20_000, (i) => MIDDLE + (i % 50)),
);
placeTrails(trailing);
const nsPerTrailedTrade =
  timed(
    trailing,
    trades(TRADES, (i) => MIDDLE + 60 + i),
  ) / TRADES;
correct &&= trailing.specials.pool.inUse === stops;

const hall = freshEngine();
const opening = new CommandBlock(auctioned + 2);
const state = (to: number) => {
  opening.i32[opening.next(commandHead(COMMAND.SET_STATE), 0) + ASSET] = to;
};
state(TRADING_STATE.PRE_OPEN);
for (let i = 0; i < auctioned; i++) {
  const side = (i & 1) as Side;
  order(opening, i, side, MIDDLE + (side === BUY ? 1 : -1) * ((i * 7919) % 5000), 1 + (i % 7));
}
state(TRADING_STATE.CONTINUOUS);
apply(hall, opening, 0, auctioned + 1);
const auctionStart = performance.now();
apply(hall, opening, auctioned + 1, auctioned + 2);
const auctionMs = performance.now() - auctionStart;
for (const engine of [quiet, trailing, hall]) correct &&= engine.ledger.discrepancy(0) === 0 && engine.ledger.discrepancy(1) === 0;
const run: RulesRun = { nsPerTrade, nsPerTrailedTrade, nsPerFiring, auctionMs, auctionTrades: tradesOf(hall), correct };
fs.writeSync(3, JSON.stringify(run));
