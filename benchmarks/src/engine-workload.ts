/** Commands that the benchmarks play into the engine. */
import { order } from '@outcry/book/records';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { EventOutput } from '@outcry/engine/event-output';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import { GTC, IOC, LIMIT, MARKET, type Side } from '@outcry/market/order-terms';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import type { BookFlow } from '@outcry/workload/book-flow';
import { OPERATION, operation, kindOf as operationOf, sideOf } from '@outcry/workload/operation';

const { WORDS, HEAD, INSTRUMENT_WORD, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, ASSET, F64_TIME, F64_AMOUNT, F64_UNIT } =
  command;

export const BENCH_LIMITS: EngineLimits = { orders: 4_000_000, accounts: 2_000, assets: 8, instruments: 16 };

/** Commands in a block of their own, as a gateway would have put them into the ring. */
export class CommandBlock {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  count = 0;

  constructor(capacity: number) {
    const span = reserve(capacity * command.BYTES);
    this.i32 = i32Of(span);
    this.f64 = f64Of(span);
  }

  next(head: number, account: number): number {
    const at = this.count++ * WORDS;
    this.i32[at + HEAD] = head;
    this.i32[at + INSTRUMENT_WORD] = 0;
    this.i32[at + ACCOUNT] = account;
    this.f64[(at >> 1) + F64_TIME] = this.count;
    return at;
  }
}

/** Two assets, one instrument with fees of 100 and 200 ppm, and accounts with more than they can spend. */
export function setUpCommands(accounts: number): CommandBlock {
  const block = new CommandBlock(4 + accounts * 3);
  const limits = block.next(commandHead(COMMAND.SET_LIMITS), BENCH_LIMITS.accounts);
  block.i32[limits + QUANTITY] = BENCH_LIMITS.orders;
  block.i32[limits + ASSET] = BENCH_LIMITS.assets;
  block.i32[limits + PRICE] = BENCH_LIMITS.instruments;
  for (const asset of [0, 1]) {
    const at = block.next(commandHead(COMMAND.DEFINE_ASSET), 0);
    block.i32[at + ASSET] = asset;
  }
  const at = block.next(commandHead(COMMAND.DEFINE_INSTRUMENT), 0);
  block.i32[at + ASSET] = 1;
  block.i32[at + PRICE] = 100;
  block.i32[at + QUANTITY] = 200;
  block.f64[(at >> 1) + F64_AMOUNT] = 1000;
  block.f64[(at >> 1) + F64_UNIT] = 10;
  for (let account = 0; account < accounts; account++) {
    block.next(commandHead(COMMAND.OPEN_ACCOUNT), account);
    for (const asset of [0, 1]) {
      const deposit = block.next(commandHead(COMMAND.DEPOSIT), account);
      block.i32[deposit + ASSET] = asset;
      block.f64[(deposit >> 1) + F64_AMOUNT] = 4e12;
    }
  }
  return block;
}

/**
 * A workload as commands that can be played over and over. Cancels and replaces name orders by the slot and generation that the
 * engine gives, which is the same in every pass but for the generation: a pass ends with all orders cancelled and the pool's free
 * slots in their first order, so that pass p only adds p x uses[slot] to a generation.
 */
export interface CommandLoop {
  readonly block: CommandBlock;
  /** how often a pass uses each slot */
  readonly uses: Int32Array;
  /** the first pass's generations */
  readonly generations: Int32Array;
  /** events of one pass, by kind */
  readonly events: Int32Array;
}

export function toCommands(workload: BookFlow, accounts: number): CommandLoop {
  const output = new UnreadEvents(); // of the class that is measured, so that the engine stays monomorphic
  const engine = new Engine(output, BENCH_LIMITS);
  apply(engine, setUpCommands(accounts));
  const block = new CommandBlock(workload.count + 4_000_000);
  const slots = new Map<number, [slot: number, generation: number]>();
  const events = new Int32Array(16);
  const { words } = workload;

  const send = (id: number, head: number, price: number, quantity: number): void => {
    const at = block.next(head, id % accounts);
    block.i32[at + PRICE] = price;
    block.i32[at + QUANTITY] = quantity;
    const meant = slots.get(id);
    if (meant !== undefined) {
      block.i32[at + ORDER_SLOT] = meant[0];
      block.i32[at + ORDER_GENERATION] = meant[1];
    }
    const first = output.position;
    engine.apply(block.i32, block.f64, at);
    for (let e = first; e < output.position; e++) {
      const from = output.wordOf(e);
      const kind = kindOf(output.i32, from);
      events[kind]++;
      if (kind === EVENT.ACCEPTED) slots.set(id, [output.i32[from + event.ORDER_SLOT], output.i32[from + event.ORDER_GENERATION]]);
    }
  };

  for (let i = 0; i < workload.count; i++) {
    const at = i * operation.WORDS;
    const head = headOf(operationOf(words[at + operation.HEAD]), sideOf(words[at + operation.HEAD]));
    send(words[at + operation.ID], head, words[at + operation.PRICE], words[at + operation.QUANTITY]);
  }
  const { orders } = engine.memory;
  const live = (slot: number, generation: number) =>
    orders.i32[slot * order.WORDS + order.QUANTITY] > 0 && orders.i32[slot * order.WORDS + order.ID] === generation;
  for (const [id, [slot, generation]] of slots) if (live(slot, generation)) send(id, commandHead(COMMAND.CANCEL), 0, 0);
  const top = orders.top - 1;
  const firstFiller = 1 << 30;
  const bySlot = new Int32Array(top + 1);
  for (let i = 0; i < top; i++) {
    send(firstFiller + i, commandHead(COMMAND.NEW_ORDER, 0, LIMIT, GTC), 1, 1);
    bySlot[slots.get(firstFiller + i)![0]] = firstFiller + i;
  }
  for (let slot = top; slot >= 1; slot--) send(bySlot[slot], commandHead(COMMAND.CANCEL), 0, 0);
  const uses = new Int32Array(top + 1);
  for (let slot = 1; slot <= top; slot++) uses[slot] = orders.i32[slot * order.WORDS + order.ID];
  const generations = Int32Array.from({ length: block.count }, (_, i) => block.i32[i * WORDS + ORDER_GENERATION]);
  return { block, uses, generations, events };
}

function headOf(kind: number, side: Side): number {
  switch (kind) {
    case OPERATION.LIMIT:
      return commandHead(COMMAND.NEW_ORDER, side, LIMIT, GTC);
    case OPERATION.IMMEDIATE:
      return commandHead(COMMAND.NEW_ORDER, side, LIMIT, IOC);
    case OPERATION.MARKET:
      return commandHead(COMMAND.NEW_ORDER, side, MARKET, IOC);
    case OPERATION.CANCEL:
      return commandHead(COMMAND.CANCEL);
    default:
      return commandHead(COMMAND.CANCEL_REPLACE, side, LIMIT, GTC);
  }
}

/** Makes the commands of a pass ready for the next one. */
export function advance(loop: CommandLoop, from = 0, to = loop.block.count): void {
  const { i32 } = loop.block;
  for (let i = from; i < to; i++) {
    const at = i * WORDS;
    const slot = i32[at + ORDER_SLOT];
    if (slot !== 0) i32[at + ORDER_GENERATION] += loop.uses[slot];
  }
}

/** Makes the commands ready for the first pass of a fresh engine. */
export function rewind(loop: CommandLoop): void {
  for (let i = 0; i < loop.block.count; i++) loop.block.i32[i * WORDS + ORDER_GENERATION] = loop.generations[i];
}

export function apply(engine: Engine, block: CommandBlock, from = 0, to = block.count): void {
  for (let i = from; i < to; i++) engine.apply(block.i32, block.f64, i * WORDS);
}

/** Events that nobody reads: a ring that is written over and over, as when its reader always keeps up. */
export class UnreadEvents extends EventOutput {
  constructor(capacity = 1 << 12) {
    super(reserve(capacity * event.BYTES));
  }
  protected override makeRoom(): void {
    this.lowLimit = (this.lowLimit + this.mask + 1) | 0;
  }
  /** Word offset of an event by its position. */
  wordOf(position: number): number {
    return (position & this.mask) * event.WORDS;
  }
}
