/** What the demo's routes answer. */
import { Type } from 'typebox';
import * as a from '../doors/http/answers.ts';
import { DOORS, KINDS } from './faults.ts';

export const state = a.object({
  scenario: a.clientId,
  seed: a.count,
  round: a.count,
  timeMs: Type.Number({ minimum: 0, description: 'Milliseconds of the scenario' }),
  speed: Type.Number({ exclusiveMinimum: 0, description: 'Times as fast as the clock on the wall' }),
  paused: a.flag,
  venueTime: a.time,
});

export const fault = a.object({
  id: a.optional(a.id('Number of the fault; none: it struck at once, and is over')),
  kind: a.oneOf(Object.keys(KINDS)),
  account: a.optional(a.clientId),
  door: a.optional(a.oneOf(DOORS)),
  share: a.optional(Type.String({ description: 'Of what it may strike, in percent' })),
  times: a.optional(a.count),
  requests: a.optional(a.oneOf(['all', 'orders'])),
  ms: a.optional(Type.Integer({ description: 'Milliseconds' })),
  hits: a.count,
});
export const faults = a.list(fault);

export const removed = a.object({ removed: a.count });
