/** Records that the engine keeps by name. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { pieceCount, type VenueRecord, writePieces } from '@outcry/market/record';
import fc from 'fast-check';
import { Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { readPiece } from '../src/event-writer.ts';
import { imageOf, restoreImage } from '../src/image.ts';
import { MOST_NAME, MOST_RECORD } from '../src/registry.ts';
import { stateHash } from '../src/state-hash.ts';
import { SMALL_LIMITS } from './support/market.ts';

const TIME = 1_700_000_000_000_000;

/** An engine, and the records that its events tell of, as a gateway keeps them. */
class Emitter {
  readonly events = new LocalEvents();
  readonly engine = new Engine(this.events, SMALL_LIMITS);
  readonly records = new Map<string, string>();
  refused = 0;
  #pieces: number[] = [];

  apply(tape: readonly Int32Array[]): void {
    for (const words of tape) {
      this.engine.apply(words, new Float64Array(words.buffer), 0);
      for (let e = 0; e < this.events.count; e++) this.#hear(this.events.i32, e * event.WORDS);
      this.events.clear();
    }
  }

  #hear(i32: Int32Array, at: number): void {
    const kind = i32[at + event.HEAD] & 0xff;
    if (kind === EVENT.PIECE) readPiece(i32, at, this.#pieces);
    if (kind === EVENT.REJECTED) this.refused++;
    if (kind !== EVENT.RECORD) return;
    const bytes = Buffer.from(Int32Array.from(this.#pieces).buffer);
    this.#pieces = [];
    const [name, value] = [i32[at + event.PRICE], i32[at + event.QUANTITY]];
    if (value < 0) this.records.delete(bytes.toString('latin1', 0, name));
    else this.records.set(bytes.toString('latin1', 0, name), bytes.toString('hex', name, name + value));
  }
}

function commandsOf(record: VenueRecord): Int32Array[] {
  const pieces = pieceCount(record);
  const words = Array.from({ length: pieces + 1 }, () => new Int32Array(command.WORDS));
  for (let n = 0; n < pieces; n++) {
    const one = new Int32Array(pieces * command.WORDS);
    writePieces(one, new Float64Array(one.buffer), (k) => k * command.WORDS, record, TIME);
    words[n] = one.slice(n * command.WORDS, (n + 1) * command.WORDS);
  }
  const put = words[pieces];
  put[command.HEAD] = commandHead(COMMAND.PUT_RECORD);
  put[command.PRICE] = record.name.length;
  put[command.QUANTITY] = record.value?.length ?? -1;
  new Float64Array(put.buffer)[command.F64_TIME] = TIME;
  return words;
}

function clock(): Int32Array {
  const words = new Int32Array(command.WORDS);
  words[command.HEAD] = commandHead(COMMAND.CLOCK);
  return words;
}

function heldBy({ engine }: Emitter): Map<string, string> {
  return new Map([...engine.registry.entries()].map(([name, value]) => [name, Buffer.from(value).toString('hex')]));
}

const name = fc.constantFrom('key/a', 'login/BOB', 'account/0', 'x'.repeat(MOST_NAME));
const value = fc.option(fc.uint8Array({ maxLength: 400 }), { nil: undefined, freq: 4 });
/** A record, and how many of its commands reach the journal before the gateway that sends them dies (all, mostly). */
const step = fc.record({ name, value, cut: fc.option(fc.nat(8), { freq: 4 }) });

it('keeps the latest bytes of each name, tells them all, and leaves out what a crash cut short', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const emitted = new Emitter();
      const model = new Map<string, string>();
      for (const { cut, ...record } of steps) {
        const commands = commandsOf(record);
        const isWhole = cut === null || cut >= commands.length;
        emitted.apply(isWhole ? commands : commands.slice(0, cut));
        if (!isWhole) continue; // the next record follows at once, as from another gateway
        if (record.value === undefined) model.delete(record.name);
        else model.set(record.name, Buffer.from(record.value).toString('hex'));
      }
      assert.deepEqual(emitted.records, model);
      assert.deepEqual(heldBy(emitted), model);
    }),
  );
});

it('an engine that goes on from a snapshot holds the same records, and tells the same story', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, at) => {
      const tapes = steps.map(({ name: n, value: v }) => commandsOf({ name: n, value: v }));
      const whole = new Emitter();
      for (const tape of tapes) whole.apply(tape);
      const primary = new Emitter();
      for (const tape of tapes.slice(0, at)) primary.apply(tape);
      const replica = new Emitter();
      restoreImage(
        replica.engine,
        imageOf(primary.engine).map((part) => Uint8Array.from(part)),
      );
      for (const tape of tapes.slice(at)) replica.apply(tape);
      assert.deepEqual(heldBy(replica), heldBy(whole));
      assert.deepEqual(replica.engine.hash, whole.engine.hash);
      assert.equal(stateHash(replica.engine), stateHash(whole.engine));
    }),
  );
});

it('other bytes of a record are another story and another state', () => {
  const [one, other] = [new Emitter(), new Emitter()];
  one.apply(commandsOf({ name: 'key/a', value: Uint8Array.of(1, 2, 3) }));
  other.apply(commandsOf({ name: 'key/a', value: Uint8Array.of(1, 2, 4) }));
  assert.notDeepEqual(one.engine.hash, other.engine.hash);
  assert.notEqual(stateHash(one.engine), stateHash(other.engine));
});

it('takes no snapshot between the pieces of a record, and one again after the next command', () => {
  const emitted = new Emitter();
  emitted.apply(commandsOf({ name: 'key/a', value: new Uint8Array(100) }).slice(0, 2));
  assert.equal(emitted.engine.midCommand, true);
  emitted.apply([clock()]);
  assert.equal(emitted.engine.midCommand, false);
});

it('refuses what is too long, has no name, is not there to be removed, or came without its pieces', () => {
  const emitted = new Emitter();
  const bare = (nameBytes: number, valueBytes: number) => {
    const [put] = commandsOf({ name: 'a', value: undefined }).slice(-1);
    put[command.PRICE] = nameBytes;
    put[command.QUANTITY] = valueBytes;
    return put;
  };
  emitted.apply(commandsOf({ name: 'n'.repeat(MOST_NAME + 1), value: new Uint8Array(1) }));
  emitted.apply(commandsOf({ name: 'a', value: new Uint8Array(MOST_RECORD + 1) }));
  emitted.apply(commandsOf({ name: 'with space', value: new Uint8Array(1) }));
  emitted.apply(commandsOf({ name: 'never-put', value: undefined }));
  for (const [nameBytes, valueBytes] of [
    [0, 5],
    [-1, 5],
    [5, -2],
    [1, 1],
    [1, 0x7fffffff],
  ])
    emitted.apply([bare(nameBytes, valueBytes)]);
  assert.equal(emitted.refused, 9);
  assert.equal(heldBy(emitted).size, 0);
  emitted.apply(commandsOf({ name: 'a', value: new Uint8Array(MOST_RECORD) }));
  assert.equal(heldBy(emitted).size, 1);
});
