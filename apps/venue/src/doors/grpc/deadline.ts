/** Deadlines of calls, as their headers say them. */

/** Of Node's timers: one beyond it, 24 days, would be over at once, with a warning in the log. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const UNITS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** A deadline that is further off than a timer can be is as far off as one can. What is no deadline is left to Connect, which refuses it. */
export function clampDeadline(header: Headers): void {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(header.get('grpc-timeout') ?? '') ?? [];
  if (amount !== undefined && Number(amount) * UNITS[unit] > LONGEST_TIMER_MS)
    header.set('grpc-timeout', `${Math.floor(LONGEST_TIMER_MS / UNITS.S)}S`);
  const milliseconds = header.get('connect-timeout-ms') ?? '';
  if (/^\d{1,10}$/.test(milliseconds) && Number(milliseconds) > LONGEST_TIMER_MS)
    header.set('connect-timeout-ms', String(LONGEST_TIMER_MS));
}
