import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { EventOutput } from '@outcry/engine/event-output';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { GTC, IOC, LIMIT, MARKET, type Side } from '@outcry/market/order-terms';
import { reserve } from '@outcry/memory/reserve';
import { OPERATION, type Workload } from './workload.ts';

const { WORDS, HEAD, PLACE, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, ASSET, F64_TIME, F64_AMOUNT, F64_UNIT } = command;

export const BENCH_LIMITS: EngineLimits = { orders: 4_000_000, accounts: 2_000, assets: 8, instruments: 16 };

/** Commands in a block of their own, as a gateway would have put them into the ring. */
export class CommandBlock {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  count = 0;

  constructor(capacity: number) {
    const buffer = reserve(capacity * command.BYTES);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  next(head: number, account: number): number {
    const at = this.count++ * WORDS;
    this.i32[at + HEAD] = head;
    this.i32[at + PLACE] = 0;
    this.i32[at + ACCOUNT] = account;
    this.f64[(at >> 1) + F64_TIME] = this.count;
    return at;
  }
}

/** Two assets, one instrument with fees of 100 and 200 ppm, and accounts with more than they can spend. */
export function setUpCommands(accounts: number): CommandBlock {
  const block = new CommandBlock(3 + accounts * 3);
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
 * Turns a workload into commands. Cancels and replaces name orders by the id that the engine gave, so an engine plays along; the
 * account of an order follows from its id.
 */
export function toCommands(workload: Workload, accounts: number): CommandBlock {
  const output = new UnreadEvents(); // of the class that is measured, so that the engine stays monomorphic
  const engine = new Engine(output, BENCH_LIMITS);
  apply(engine, setUpCommands(accounts));
  const block = new CommandBlock(workload.count);
  const slots = new Map<number, [slot: number, generation: number]>();
  const { words } = workload;
  for (let i = 0; i < workload.count; i++) {
    const operation = words[i * 4] & 0xff;
    const side = ((words[i * 4] >>> 8) & 1) as Side;
    const id = words[i * 4 + 1];
    const account = id % accounts;
    let head: number;
    if (operation === OPERATION.LIMIT) head = commandHead(COMMAND.NEW_ORDER, side, LIMIT, GTC);
    else if (operation === OPERATION.IMMEDIATE) head = commandHead(COMMAND.NEW_ORDER, side, LIMIT, IOC);
    else if (operation === OPERATION.MARKET) head = commandHead(COMMAND.NEW_ORDER, side, MARKET, IOC);
    else if (operation === OPERATION.CANCEL) head = commandHead(COMMAND.CANCEL);
    else head = commandHead(COMMAND.CANCEL_REPLACE, side, LIMIT, GTC);
    const at = block.next(head, account);
    block.i32[at + PRICE] = words[i * 4 + 2];
    block.i32[at + QUANTITY] = words[i * 4 + 3];
    const meant = slots.get(id);
    if (meant !== undefined) {
      block.i32[at + ORDER_SLOT] = meant[0];
      block.i32[at + ORDER_GENERATION] = meant[1];
    }
    const first = output.position;
    engine.apply(block.i32, block.f64, at);
    for (let e = first; e < output.position; e++) {
      const from = output.wordOf(e);
      if ((output.i32[from + event.HEAD] & 0xff) !== EVENT.ACCEPTED) continue;
      slots.set(id, [output.i32[from + event.ORDER_SLOT], output.i32[from + event.ORDER_GENERATION]]);
    }
  }
  return block;
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
    this.limit += this.mask + 1;
  }
  /** Word offset of an event by its position. */
  wordOf(position: number): number {
    return (position & this.mask) * event.WORDS;
  }
}
