/** The engine's story of recorded commands, against those of its earlier versions. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { command } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import { CommandStream } from '@outcry/workload/command-stream';
import { Random } from '@outcry/workload/random';
import { SIMULATED_LIMITS } from '../src/replicas.ts';

const COMMANDS = 60_000;
/** What the engine made of the same random commands in each version, as the hash of its story. */
const STORIES: Record<number, string> = { 2: '82635eca ae64eb18', 3: '4139d463 d6f97b07', 4: '217e8f69 817dad9c' };

it('the engine makes the same of the same commands as every engine of its version did', () => {
  const events = new LocalEvents(1024);
  const engine = new Engine(events, SIMULATED_LIMITS);
  const stream = new CommandStream(new Random(20_261_127));
  while (engine.sequence < COMMANDS) {
    stream.next();
    for (let i = 0; i < stream.count; i++) {
      engine.apply(stream.i32, stream.f64, i * command.WORDS);
      for (let e = 0; e < events.count; e++) stream.learn(events.i32, e * event.WORDS);
      events.clear();
    }
  }
  const story = engine.hash.map((word) => (word >>> 0).toString(16)).join(' ');
  assert.equal(
    story,
    STORIES[REPLAY_VERSION],
    'The same commands lead to something else: raise REPLAY_VERSION, so that no journal of before is replayed by this engine, and write the ' +
      'story here. (Only the story, where not the engine but the random commands of this test have changed.)',
  );
});
