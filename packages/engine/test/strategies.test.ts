import assert from 'node:assert/strict';
import { it } from 'node:test';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import { LIMIT, SELL } from '@outcry/market/order-terms';
import { emitState } from '../src/emit-state.ts';
import { Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { imageOf, restoreImage } from '../src/image.ts';

const ROOM = { orders: 10, accounts: 4, assets: 3, instruments: 2 };

class Bench {
  readonly events = new LocalEvents();
  readonly engine = new Engine(this.events, ROOM);
  readonly #i32 = new Int32Array(command.WORDS);
  readonly #f64 = new Float64Array(this.#i32.buffer);

  constructor() {
    this.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 0 });
    this.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 1 });
    const numbers = { [command.F64_LOT]: 1, [command.F64_UNIT]: 1 };
    this.apply(COMMAND.DEFINE_INSTRUMENT, { [command.BASE]: 0, [command.QUOTE]: 1 }, numbers);
    this.apply(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 0 });
    this.apply(COMMAND.DEPOSIT, { [command.ACCOUNT]: 0, [command.ASSET]: 0 }, { [command.F64_AMOUNT]: 1000 });
  }

  apply(kind: number, words: Record<number, number>, numbers: Record<number, number> = {}, head = commandHead(kind)): void {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = head;
    for (const word in words) this.#i32[Number(word)] = words[word];
    for (const number in numbers) this.#f64[Number(number)] = numbers[number];
    this.events.clear();
    this.engine.apply(this.#i32, this.#f64, 0);
  }

  sell(strategy?: [type: number, number: number]): void {
    if (strategy !== undefined) {
      this.apply(COMMAND.STRATEGY, { [command.STRATEGY_TYPE]: strategy[0] }, { [command.F64_STRATEGY]: strategy[1] });
    }
    const head = commandHead(COMMAND.NEW_ORDER, SELL, LIMIT);
    this.apply(COMMAND.NEW_ORDER, { [command.PRICE]: 10, [command.QUANTITY]: 1 }, {}, head);
  }

  /** Kinds of the last command's events, and the strategies among them. */
  told(): (number | [number, number])[] {
    return toldBy(this.events);
  }
}

function toldBy(events: LocalEvents): (number | [number, number])[] {
  const told = Array.from({ length: events.count }, (_, i) => {
    const at = i * event.WORDS;
    const kind = kindOf(events.i32, at);
    if (kind !== EVENT.STRATEGY) return kind;
    return [events.i32[at + event.STRATEGY_TYPE], events.f64[(at >> 1) + event.F64_STRATEGY]] as [number, number];
  });
  return told.filter((kind) => kind !== EVENT.BALANCE); // the rule book tells of both assets
}

it('an order with a strategy tells the story of a plain one, and the strategy before it', () => {
  const [plain, named] = [new Bench(), new Bench()];
  plain.sell();
  named.sell([1_000_000, 8]);
  assert.deepEqual(named.told(), [[1_000_000, 8], ...plain.told()]);
  named.sell();
  assert.deepEqual(named.told(), plain.told(), 'the next order has none');
});

it('a strategy is told of after a start from a snapshot, and not of the order that takes the place of its own', () => {
  const bench = new Bench();
  bench.sell([1_000_000, 8]);
  bench.sell([0, 2 ** 53 - 1]);
  bench.sell();
  bench.apply(COMMAND.CANCEL, { [command.ORDER_SLOT]: 1, [command.ORDER_GENERATION]: 1 });
  bench.sell();
  const events = new LocalEvents();
  const again = new Engine(events, ROOM);
  restoreImage(
    again,
    imageOf(bench.engine).map((part) => Uint8Array.from(part)),
  );
  emitState(again);
  const strategies = toldBy(events).filter((one) => typeof one !== 'number');
  assert.deepEqual(strategies, [[0, 2 ** 53 - 1]]);
  assert.equal(again.memory.orders.inUse, 3);
});
