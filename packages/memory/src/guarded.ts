/** What guarded pools report. */

/** What can be wrong with how a block is used. */
export type Fault = 'double free' | 'use after free' | 'overrun' | 'foreign pointer';

/** A pool found a block used wrongly. Thrown in guarded mode only. */
export class GuardError extends Error {
  readonly fault: Fault;
  constructor(fault: Fault, detail: string) {
    super(`${fault}: ${detail}`);
    this.fault = fault;
  }
}

/** Whether pools are guarded when nothing else is asked for: with OUTCRY_GUARDED=1 in the environment, as in our tests. */
export const GUARDED_BY_DEFAULT = process.env.OUTCRY_GUARDED === '1';
