/** The thread of the engine: applies the commands of the ring, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { emitState } from '@outcry/engine/emit-state';
import { Engine } from '@outcry/engine/engine';
import { keepCompiledCode, raiseInliningBudget } from '@outcry/memory/runtime';
import { Waiter, type Work } from '@outcry/memory/waiter';
import { CHECKPOINT_EVERY } from '@outcry/replica/checkpoint';
import { recover } from '@outcry/replica/recovery';
import type { EngineThreadData } from '../spine/crew.ts';
import { EventRing } from '../spine/event-ring.ts';
import { ENGINE_GATE, type EnginePools, Shared, type VenueMemory } from '../spine/shared.ts';
import { place } from '../spine/thread.ts';

raiseInliningBudget();

/** Commands applied before what they caused is shown to the gateway. */
const PUBLISH_EVERY = 64;

const { limits, directory, stored, acceptLoss, placement } = workerData as EngineThreadData;
const port = parentPort!;
const output = new EventRing();
const { engine, recovery } = recover({ limits, directory, stored, acceptLoss, makeEngine: (room) => new Engine(output, room) });
const pools: EnginePools = {
  orders: engine.memory.orders.span,
  farLevels: engine.memory.farLevels.span,
  specials: engine.specials.pool.span,
  lists: engine.ruleBook.lists.pool.span,
  texts: engine.details.texts.span,
  owners: engine.details.byAccount.owners,
  rules: {
    instruments: engine.instruments.i32,
    instrumentRules: engine.instruments.ruleWords,
    accounts: engine.accounts.i32,
    tiers: engine.settlement.tiers,
  },
};
port.postMessage({ kind: 'recovered', recovery, placed: place(placement), pools, records: [...engine.registry.entries()] });
keepCompiledCode();
port.once('message', (memory: VenueMemory) => {
  run(new Shared(memory));
  port.close();
});

function run(shared: Shared): void {
  const ring = shared.commands;
  output.connect(shared);
  emitState(engine);
  output.publish();
  shared.ringReaders();
  let position = ring.start;
  let hadWorkLeft = engine.hasWorkLeft;
  shared.hasWorkLeft = hadWorkLeft;
  const commands: Work = { ready: () => ring.published() !== position || shared.stopping };
  const waiter = new Waiter(shared.engineBell, shared.memory.wait, placement.realTimePriority > 0);
  for (;;) {
    const end = ring.published();
    if (position === end) {
      if (shared.stopping) return;
      waiter.wait(commands);
      continue;
    }
    const first = position + 1;
    const count = Math.min(end - position, PUBLISH_EVERY);
    shared.begun.publish(position + count);
    for (let i = 0; i < count; i++) {
      engine.apply(ring.i32, ring.f64, ring.wordOf(position + i));
      // Bits, since % of what may pass 2^31 is a call.
      if (((first + i) & (CHECKPOINT_EVERY - 1)) === 0) shared.writeCheckpoint(first + i, engine.hash);
    }
    position += count;
    if (engine.hasWorkLeft !== hadWorkLeft) {
      hadWorkLeft = !hadWorkLeft;
      shared.hasWorkLeft = hadWorkLeft;
    }
    output.publish();
    ring.release(ENGINE_GATE, position); // after its events: who sees a command applied sees what it caused
    // What is not durable yet cannot be answered yet: the journal wakes the gateway when it is.
    if (shared.durable.read() >= first) shared.ringReaders();
  }
}
