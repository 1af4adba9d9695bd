import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { REASON } from '@outcry/market/reason';
import { Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { LIMIT_NAMES } from '../src/limits.ts';

const ROOM = { orders: 10, accounts: 6, assets: 3, instruments: 2 };
const SECOND = 1_000_000;

class Bench {
  readonly events = new LocalEvents();
  readonly engine = new Engine(this.events, ROOM);
  readonly #i32 = new Int32Array(command.WORDS);
  readonly #f64 = new Float64Array(this.#i32.buffer);

  /** Returns why it was refused. */
  apply(kind: number, words: Record<number, number>, time = 0): number {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = commandHead(kind);
    for (const word in words) this.#i32[Number(word)] = words[word];
    this.#f64[command.F64_TIME] = time;
    this.events.clear();
    this.engine.apply(this.#i32, this.#f64, 0);
    return this.events.count === 0 ? REASON.NONE : this.events.i32[1] >>> 16;
  }

  limits(change: Partial<typeof ROOM>): number {
    const { orders, accounts, assets, instruments } = { ...ROOM, ...change };
    const { QUANTITY, ACCOUNT, ASSET, PRICE } = command;
    return this.apply(COMMAND.SET_LIMITS, { [QUANTITY]: orders, [ACCOUNT]: accounts, [ASSET]: assets, [PRICE]: instruments });
  }
}

describe("the engine's time", () => {
  it('stands for a command that was stamped a little earlier, and goes back when the clock was set back', () => {
    const bench = new Bench();
    const at = (time: number) => {
      bench.apply(COMMAND.CLOCK, {}, time);
      return bench.engine.writer.time;
    };
    assert.deepEqual(
      [100, 99, 91, 101].map((seconds) => at(seconds * SECOND) / SECOND),
      [100, 100, 100, 101],
    );
    assert.equal(at(300_000 * SECOND), 300_000 * SECOND);
    assert.equal(at(101 * SECOND), 101 * SECOND);
  });
});

describe('limits', () => {
  it('hold from their command on, each for itself', () => {
    const bench = new Bench();
    assert.equal(bench.limits({ accounts: 2, assets: 1 }), REASON.NONE);
    assert.equal(bench.apply(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 1 }), REASON.NONE);
    assert.equal(bench.apply(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 2 }), REASON.INVALID_DEFINITION);
    assert.equal(bench.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 0 }), REASON.NONE);
    assert.equal(bench.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 1 }), REASON.INVALID_DEFINITION);
    assert.equal(bench.limits({}), REASON.NONE);
    assert.equal(bench.apply(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 2 }), REASON.NONE);
    assert.equal(bench.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 2 }), REASON.NONE);
  });

  it('cannot be lower than what is in use, nor wider than the room', () => {
    const bench = new Bench();
    bench.apply(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 3 });
    bench.apply(COMMAND.DEFINE_ASSET, { [command.ASSET]: 2 });
    assert.equal(bench.limits({ accounts: 3 }), REASON.INVALID_DEFINITION);
    assert.equal(bench.limits({ assets: 2 }), REASON.INVALID_DEFINITION);
    for (const name of LIMIT_NAMES) assert.equal(bench.limits({ [name]: 0 }), REASON.INVALID_DEFINITION);
    assert.deepEqual(
      LIMIT_NAMES.map((name) => bench.engine.limits[name]),
      LIMIT_NAMES.map((name) => ROOM[name]),
    );
    for (const name of LIMIT_NAMES) assert.throws(() => bench.limits({ [name]: ROOM[name] + 1 }), /there is room for/);
  });
});
