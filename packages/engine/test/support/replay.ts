/** Replays commands, and restores images. */
import { Engine } from '../../src/engine.ts';
import { LocalEvents } from '../../src/event-output.ts';
import { imageOf, restoreImage } from '../../src/image.ts';
import { LIMITS } from './both.ts';

/** Plays recorded commands to an engine. Returns it. */
export function replayed(tape: readonly Uint8Array[], engine: Engine): Engine {
  const buffer = new ArrayBuffer(64);
  const views = [new Int32Array(buffer), new Float64Array(buffer)] as const;
  for (const record of tape) {
    new Uint8Array(buffer).set(record);
    engine.apply(...views, 0);
  }
  return engine;
}

/** A fresh engine out of a snapshot of another one. */
export function restored(engine: Engine, limits = LIMITS): Engine {
  const fresh = new Engine(new LocalEvents(), limits);
  restoreImage(
    fresh,
    imageOf(engine).map((part) => Uint8Array.from(part)),
  );
  return fresh;
}
