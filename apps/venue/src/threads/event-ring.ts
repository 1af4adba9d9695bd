import { EventOutput } from '@outcry/engine/event-output';
import { event } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import { reserve } from '@outcry/memory/span';
import type { Shared } from './shared.ts';

/** How long the engine waits for the gateway before it looks again, in milliseconds. */
const LOOK_AGAIN = 1;
const BUSY_TURNS = 1000;

/**
 * The engine's output in a venue. Until it is connected, events are written over each other: recovery tells its story to nobody.
 * Then it is a ring that the gateway reads; when that is full, the engine waits, so that no event is lost.
 */
export class EventRing extends EventOutput {
  #shared: Shared | undefined;

  constructor() {
    super(reserve(1024 * event.BYTES));
  }

  connect(shared: Shared): void {
    this.#shared = shared;
    this.restart(shared.events.i32, shared.events.f64, shared.events.limit());
  }

  /** Lets the gateway see everything written so far, once it looks. */
  publish(): void {
    this.#shared!.events.publishUntil(this.position);
  }

  protected override makeRoom(): void {
    const shared = this.#shared;
    if (shared === undefined) {
      this.lowLimit = (this.lowLimit + this.mask + 1) | 0;
      return;
    }
    this.publish();
    shared.ringReaders();
    for (let turns = 0; shared.events.limit() <= this.position; turns++) {
      if (turns > BUSY_TURNS) sleepThread(LOOK_AGAIN);
    }
    this.lowLimit = shared.events.limit() | 0;
  }
}
