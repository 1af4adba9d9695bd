import { EventOutput } from '@outcry/engine/event-output';
import { event } from '@outcry/market/event';
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
  readonly #pause = new Int32Array(new SharedArrayBuffer(4));

  constructor() {
    super(new SharedArrayBuffer(1024 * event.BYTES));
  }

  connect(shared: Shared): void {
    this.#shared = shared;
    this.i32 = new Int32Array(shared.memory.events);
    this.f64 = new Float64Array(shared.memory.events);
    this.position = 0;
    this.limit = this.i32.length / event.WORDS;
    this.mask = this.limit - 1;
  }

  /** Lets the gateway see everything written so far, once it looks. */
  publish(): void {
    this.#shared!.eventsPublished.publish(this.position);
  }

  protected override makeRoom(): void {
    const shared = this.#shared;
    const capacity = this.mask + 1;
    if (shared === undefined) {
      this.limit += capacity;
      return;
    }
    this.publish();
    shared.gatewayBell.ring();
    let turns = 0;
    while (shared.eventsRead.read() + capacity <= this.position) {
      if (++turns > BUSY_TURNS) Atomics.wait(this.#pause, 0, 0, LOOK_AGAIN);
    }
    this.limit = shared.eventsRead.known + capacity;
  }
}
