/** Order ids over reused slots and restored snapshots, as clients see them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { order as orderRecord } from '@outcry/book/records';
import { emitState } from '@outcry/engine/emit-state';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf, restoreImage } from '@outcry/engine/image';
import { COMMAND, command, MAX_GENERATION, orderHandle } from '@outcry/market/command';
import { kindOf as kindOfCommand } from '@outcry/market/command-head';
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import { CommandStream } from '@outcry/workload/command-stream';
import { Random } from '@outcry/workload/random';

/** Few slots, which are used again and again. */
const LIMITS = { orders: 300, accounts: 32, assets: 4, instruments: 4 };
const COMMANDS = 20_000;
/** A slot's use wraps within so many: every order of these streams comes near or past that. */
const USES_TO_WRAP = 3;

const ENTERS: number[] = [COMMAND.NEW_ORDER, COMMAND.CANCEL_REPLACE, COMMAND.LEG];

/** What a client can know of ids, from the events alone. */
class Watched {
  /** ids of open orders by their place in the engine */
  readonly openOrders = new Map<number, number>();
  last = 0;
  count = 0;
  legs = 0;
  #said = 0;

  take(i32: Int32Array, f64: Float64Array, at: number, kinds: readonly number[]): void {
    const handle = orderHandle(i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]);
    switch (kindOf(i32, at)) {
      case EVENT.ORDER_ID:
        this.#said = f64[(at >> 1) + event.F64_AMOUNT];
        break;
      case EVENT.ACCEPTED: {
        const sequence = f64[(at >> 1) + event.F64_SEQUENCE];
        const id = this.#said === 0 ? sequence : this.#said;
        if (this.#said !== 0) this.legs++;
        this.#said = 0;
        assert.ok(id > this.last, `order ${id} after ${this.last}`);
        assert.ok(id <= sequence);
        assert.ok(ENTERS.includes(kinds[id]), `record ${id} of the journal states an order`);
        assert.ok(!this.openOrders.has(handle));
        this.last = id;
        this.count++;
        this.openOrders.set(handle, id);
        break;
      }
      case EVENT.FILL:
        assert.ok(this.openOrders.has(handle));
        if (i32[at + event.REMAINING] === 0) this.openOrders.delete(handle);
        break;
      case EVENT.CANCELLED:
        assert.ok(this.openOrders.delete(handle));
    }
  }
}

/** The ids of all open orders by their places, as the engine tells a gateway that has just started. */
function emittedIds(engine: Engine, events: LocalEvents): Map<number, number> {
  const emitted = new Map<number, number>();
  events.clear();
  emitState(engine);
  let said = 0;
  for (let at = 0; at < events.count * event.WORDS; at += event.WORDS) {
    const kind = kindOf(events.i32, at);
    if (kind === EVENT.ORDER_ID) said = events.f64[(at >> 1) + event.F64_AMOUNT];
    if (kind !== EVENT.OPEN_ORDER) continue;
    emitted.set(orderHandle(events.i32[at + event.ORDER_SLOT], events.i32[at + event.ORDER_GENERATION]), said);
    said = 0;
  }
  events.clear();
  return emitted;
}

function nearWrap(engine: Engine, from: number): void {
  const { i32, capacity } = engine.memory.orders;
  for (let slot = from; slot <= capacity; slot++) i32[slot * orderRecord.WORDS + orderRecord.ID] = MAX_GENERATION - USES_TO_WRAP;
}

const sorted = (map: Map<number, number>) => [...map].sort(([a], [b]) => a - b);

describe('order ids', () => {
  for (const seed of [1, 2, 3]) {
    it(`ascend, name the record that states the order, and stay what they are over starts and slots used up (seed ${seed})`, () => {
      const random = new Random(seed);
      const stream = new CommandStream(random);
      const events = new LocalEvents(1024);
      const watched = new Watched();
      const kinds: number[] = [0];
      let engine = new Engine(events, LIMITS);
      nearWrap(engine, 1);
      let starts = 0;
      while (engine.sequence < COMMANDS) {
        stream.next();
        for (let i = 0; i < stream.count; i++) {
          kinds.push(kindOfCommand(stream.i32[i * command.WORDS + command.HEAD]));
          engine.apply(stream.i32, stream.f64, i * command.WORDS);
          for (let e = 0; e < events.count; e++) {
            stream.learn(events.i32, e * event.WORDS);
            watched.take(events.i32, events.f64, e * event.WORDS, kinds);
          }
          events.clear();
        }
        if (!random.chance(0.005)) continue;
        const parts = imageOf(engine).map((part) => Uint8Array.from(part));
        const top = engine.memory.orders.top;
        engine = new Engine(events, LIMITS);
        restoreImage(engine, parts);
        nearWrap(engine, top);
        starts++;
        assert.deepEqual(sorted(emittedIds(engine, events)), sorted(watched.openOrders));
      }
      const uses = [...watched.openOrders.keys()].map((handle) => Math.floor(handle / 0x1000000));
      assert.ok(
        uses.some((use) => use < MAX_GENERATION / 2),
        'slots were used past their last number',
      );
      assert.ok(starts > 20 && watched.count > COMMANDS / 10 && watched.legs > 100, `${starts} ${watched.count} ${watched.legs}`);
    });
  }
});
