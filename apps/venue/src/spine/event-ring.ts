/** The engine's output in a venue: the event ring, once it is connected. */
import { EventOutput } from '@outcry/engine/event-output';
import { event } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import { reserve } from '@outcry/memory/span';
import type { Shared } from './shared.ts';

/** How long the engine waits for readers before it looks again, in milliseconds. */
const LOOK_AGAIN_MS = 1;
const BUSY_TURNS = 1000;
/** A reader that lets the engine wait for so many milliseconds is noted, for the watchdog to name it. */
const HELD_UP_MS = 100;

/**
 * The engine's output in a venue. Until it is connected, events are written over each other: recovery tells its story to nobody.
 * Then it is a ring that the gateway and the wire thread read; when that is full, the engine waits, so that no event is lost. It looks
 * for some microseconds and sleeps after that: readers of lower priority on the same core get their turn.
 */
export class EventRing extends EventOutput {
  #shared: Shared | undefined;

  constructor() {
    super(reserve(1024 * event.BYTES));
  }

  connect(shared: Shared): void {
    this.#shared = shared;
    this.restart(shared.events.i32, shared.events.f64, shared.events.start, shared.events.limit());
  }

  /** Lets the readers see everything written so far, once they look. */
  publish(): void {
    this.#shared!.events.publishUntil(this.position);
  }

  protected override makeRoom(): void {
    if (this.#shared === undefined) {
      this.lowLimit = (this.lowLimit + this.mask + 1) | 0;
      return;
    }
    this.publish();
    this.#shared.ringReaders();
    this.lowLimit = this.#wait(this.#shared) | 0;
  }

  /** Returns the position that may be written up to. */
  #wait(shared: Shared): number {
    const { events } = shared;
    const { position } = this;
    for (let turns = 0; turns < BUSY_TURNS; turns++) if (events.limit() > position) return events.limit();
    let since = performance.now();
    let slowest = events.slowest();
    let isNoted = false;
    while (events.limit() <= position) {
      if (shared.stopping) return position + events.capacity; // the readers have gone: nobody misses what is written over
      slowest = events.slowest();
      sleepThread(LOOK_AGAIN_MS);
      const held = performance.now() - since;
      if (held < HELD_UP_MS) continue;
      shared.noteHeldUp(slowest, held);
      isNoted = true;
      since += held;
    }
    if (isNoted) shared.noteHeldUp(slowest, performance.now() - since);
    return events.limit();
  }
}
