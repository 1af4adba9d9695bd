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

/** Milliseconds since 1970 of a UTCTimestamp; NaN when it is none: also a day that its month does not have, and hour 24. */
export function parseFixTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:)(\d\d)(\.\d{3,9})?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, minute, second, fraction = ''] = match;
  // A leap second is one: it is taken for the one before it.
  const time = `${year}-${month}-${day}T${minute}${second === '60' ? '59' : second}`;
  const milliseconds = Date.parse(`${time}${fraction.slice(0, 4)}Z`);
  // Date.parse reads February 31st as a day of March, and 24:00:00 as the next day.
  return Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(time) ? Number.NaN : milliseconds;
}
