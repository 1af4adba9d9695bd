import { event } from '@outcry/market/event';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import { EventOutput } from '../../src/event-output.ts';

export const CAPACITY = 8;

/** An output that is written around and around, since nobody reads it. */
export class Around extends EventOutput {
  constructor(start: number) {
    const span = reserve(CAPACITY * event.BYTES);
    super(span);
    this.restart(i32Of(span), f64Of(span), start, start + CAPACITY);
  }

  moveTo(i32: Int32Array, f64: Float64Array, position: number): void {
    this.restart(i32, f64, position, position + CAPACITY);
  }

  protected override makeRoom(): void {
    this.lowLimit = (this.position + CAPACITY) | 0;
  }
}
