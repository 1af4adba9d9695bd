/** Times as FIX writes them. */

/** What was asked for last, and before that: a burst of messages has the same two times, of sending and of what they are about. */
let lastTime = Number.NaN;
let lastText = '';
let olderTime = Number.NaN;
let olderText = '';

/** UTCTimestamp with milliseconds. */
export function fixTime(milliseconds: number): string {
  if (milliseconds === lastTime) return lastText;
  if (milliseconds === olderTime) return olderText;
  olderTime = lastTime;
  olderText = lastText;
  const iso = new Date(milliseconds).toISOString();
  lastTime = milliseconds;
  lastText = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-${iso.slice(11, 23)}`;
  return lastText;
}

/**
 * Milliseconds since 1970 of a UTCTimestamp; NaN when it is none: also a day that its month does not have, and hour 24. A leap second, which
 * is 23:59:60 (FIX 4.4 volume 1, "UTCTimestamp": 60 only if it is one), is taken for the millisecond before it, since no count of
 * milliseconds has it: it is not before what came before it, nor after what comes after it.
 */
export function parseFixTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:)(\d\d)(\.\d{3,9})?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, minute, second, fraction = ''] = match;
  const isLeap = second === '60' && minute === '23:59:';
  const time = `${year}-${month}-${day}T${minute}${isLeap ? '59' : second}`;
  const milliseconds = Date.parse(`${time}${isLeap ? '.999' : fraction.slice(0, 4)}Z`);
  // Date.parse reads February 31st as a day of March, and 24:00:00 as the next day.
  return Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(time) ? Number.NaN : milliseconds;
}
