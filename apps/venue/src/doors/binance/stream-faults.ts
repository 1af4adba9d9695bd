/** What a demo's faults do to market streams, on the publisher's thread. */
import { Random } from '@outcry/workload/random';
import type { StreamFault } from '../../domain/stream-fault.ts';
import type { StreamText } from './streams.ts';

/** The faults in force on one publisher. */
export class StreamFaults {
  #faults: readonly StreamFault[] = [];
  /** by fault: how often it has struck */
  readonly #hits = new Map<number, number>();
  readonly #random = new Random(2);

  /** Those that were in force before go on counting. Returns what they leave of a stream's texts; undefined: there are none. */
  set(faults: readonly StreamFault[]): ((texts: StreamText[]) => StreamText[]) | undefined {
    this.#faults = faults;
    return faults.length === 0 ? undefined : (texts) => texts.flatMap((text) => this.#left(text));
  }

  #left(text: StreamText): StreamText[] {
    if (this.#strikes('drop')) return [];
    return this.#strikes('duplicate') ? [text, text] : [text];
  }

  #strikes(kind: StreamFault['kind']): boolean {
    return this.#faults.some((fault) => {
      const hits = this.#hits.get(fault.id) ?? 0;
      if (fault.kind !== kind || hits >= (fault.times ?? Number.POSITIVE_INFINITY) || !this.#random.chance(fault.share)) return false;
      this.#hits.set(fault.id, hits + 1);
      return true;
    });
  }
}
