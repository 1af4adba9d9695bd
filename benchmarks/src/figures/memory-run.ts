/** One run of the figure `memory`, in a process of its own. */
import fs from 'node:fs';
import { Engine } from '@outcry/engine/engine';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { GTC, LIMIT, type Side } from '@outcry/market/order-terms';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { Random } from '@outcry/workload/random';
import { apply, BENCH_LIMITS, CommandBlock, setUpCommands, UnreadEvents } from '../engine-workload.ts';

raiseInliningBudget();

/** What the process reports: one JSON object on file descriptor 3. */
export interface MemoryRun {
  orders: number;
  emptyBytes: number;
  fullBytes: number;
  correct: boolean;
}

const ACCOUNTS = 1000;
const ORDERS = 1_000_000;
const HIGHEST = 2_000_000_000;
const MIDDLE = 100_000;
const withClientIds = process.argv[2] === 'client-ids';

const output = new UnreadEvents();
const block = new CommandBlock(1);
const text = new CommandBlock(1);
const random = new Random(7);

/** Bytes of this process in memory. */
function resident(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Prices spread over the whole range, as many in each power of ten: bids from 1 tick up, asks to 2 billion. */
function rest(engine: Engine, i: number): void {
  const side = (i & 1) as Side;
  const price =
    side === 0
      ? Math.max(1, Math.floor(MIDDLE ** random.fraction()))
      : Math.min(HIGHEST, Math.ceil(MIDDLE * (HIGHEST / MIDDLE) ** random.fraction()) + 1);
  if (withClientIds) {
    text.count = 0;
    text.next(commandHead(COMMAND.TEXT), 0);
    Buffer.from(text.i32.buffer, text.i32.byteOffset).write(`client-order-${String(i).padStart(20, '0')}`, command.TEXT * 4);
    apply(engine, text);
  }
  block.count = 0;
  const at = block.next(commandHead(COMMAND.NEW_ORDER, side, LIMIT, GTC), i % ACCOUNTS);
  block.i32[at + command.PRICE] = price;
  block.i32[at + command.QUANTITY] = 1;
  if (withClientIds) {
    block.i32[at + command.CLIENT_LOW] = i + 1;
    block.i32[at + command.CLIENT_HIGH] = 1;
  }
  apply(engine, block);
}

const emptyBytes = resident();
const engine = new Engine(output, BENCH_LIMITS);
apply(engine, setUpCommands(ACCOUNTS));
for (let i = 0; i < ORDERS; i++) rest(engine, i);
const fullBytes = resident();
const correct = engine.memory.orders.inUse === ORDERS && engine.ledger.discrepancy(0) === 0 && engine.ledger.discrepancy(1) === 0;
const run: MemoryRun = { orders: engine.memory.orders.inUse, emptyBytes, fullBytes, correct };
fs.writeSync(3, JSON.stringify(run));
