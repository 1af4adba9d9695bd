/** The engine against the reference venue, on random streams of commands. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { instrumentRule } from '../src/instruments.ts';
import { canonicalState, stateHash } from '../src/state-hash.ts';
import { Both, LIMITS } from './support/both.ts';
import { replayed, restored } from './support/replay.ts';
import { step } from './support/streams.ts';

/** Streams for each property; `OUTCRY_RUNS` multiplies them. */
const TIMES = Number(process.env.OUTCRY_RUNS ?? 1);
const stream = (most: number) => fc.array(step, { minLength: 2, maxLength: most, size: 'max' });

function freshEngine(): Engine {
  return new Engine(new LocalEvents(), LIMITS);
}

function played(steps: Parameters<Both['play']>[0][]): Both {
  const both = new Both();
  for (const one of steps) both.play(one);
  return both;
}

describe('the engine and the reference venue', () => {
  it('tell the same story and hold the same balances after every command of any stream, and conserve every asset', () => {
    fc.assert(
      fc.property(stream(150), (steps) => {
        played(steps);
      }),
      { numRuns: 1000 * TIMES },
    );
  });
});

describe('an engine', () => {
  it('tells the same story, and is in the same state to the byte, when the same commands are played again', () => {
    fc.assert(
      fc.property(stream(100), (steps) => {
        const { engine, tape } = played(steps).player;
        const again = replayed(tape, freshEngine());
        assert.deepEqual(again.hash, engine.hash);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
        assert.equal(stateHash(again), stateHash(engine));
      }),
      { numRuns: 100 * TIMES },
    );
  });

  it('goes on from a snapshot taken anywhere as if it had never stopped', () => {
    fc.assert(
      fc.property(stream(120), fc.nat(), (steps, cut) => {
        const { engine, tape } = played(steps).player;
        let at = cut % tape.length;
        const before = replayed(tape.slice(0, at), freshEngine());
        while (before.midCommand) replayed(tape.slice(at, ++at), before);
        const again = restored(before);
        assert.deepEqual(canonicalState(again), canonicalState(before), 'the snapshot is the state');
        replayed(tape.slice(at), again);
        assert.deepEqual(again.hash, engine.hash);
        assert.deepEqual(canonicalState(again), canonicalState(engine));
      }),
      { numRuns: 300 * TIMES },
    );
  });

  it('leaves nothing behind when all orders are cancelled: no record, no list, no count', () => {
    fc.assert(
      fc.property(stream(120), (steps) => {
        const both = played(steps);
        both.play({ kind: 'massCancel', account: -1, instrument: -1, side: -1, session: -1 });
        const { memory, specials, ruleBook, details, instruments } = both.player.engine;
        const pools = [memory.orders, memory.farLevels, specials.pool, ruleBook.lists.pool, details.texts].map(({ inUse }) => inUse);
        assert.deepEqual(pools, [0, 0, 0, 0, 0]);
        const { SPECIAL, TRIGGERS, QUEUE, PEG_LIST, PEGS, WORDS } = instrumentRule;
        for (const word of [SPECIAL, TRIGGERS, QUEUE, PEG_LIST, PEGS]) {
          for (let number = 0; number < instruments.books.length; number++) assert.equal(instruments.ruleWords[number * WORDS + word], 0);
        }
      }),
      { numRuns: 200 * TIMES },
    );
  });
});
