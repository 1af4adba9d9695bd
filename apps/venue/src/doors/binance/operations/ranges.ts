/** Which rows of history a request means: from an id on, or within times, and how many. */
import { errors } from '../../http/errors.ts';
import { integer, optionalInteger, type Parameters } from '../parameters.ts';

const USUAL_ROWS = 500;
const MOST_ROWS = 1000;
const MOST_HOURS = 24;
const HOUR_MS = 3_600_000;

/** How many rows are wanted: as Binance does, more than the most are the most. Throws ApiError -1130 for 0. */
export function limitOf(sent: Parameters, otherwise = USUAL_ROWS, most = MOST_ROWS): number {
  const limit = integer(sent, 'limit', otherwise, 0, most);
  if (limit === 0) throw errors.invalid('limit');
  return limit;
}

/** Digits of microseconds since 1970; fewer are milliseconds. */
const MICROSECOND_DIGITS = 16;
const US_A_MS = 1000;

/** The first microsecond of a time, or its last one where it is a millisecond; undefined: it was not sent. */
function microseconds(text: string | undefined, isEnd: boolean): number | undefined {
  if (text === undefined) return undefined;
  if (text.length >= MICROSECOND_DIGITS) return Number(text);
  return Number(text) * US_A_MS + (isEnd ? US_A_MS - 1 : 0);
}

/** Inclusive, in microseconds. */
function timesOf(sent: Parameters): [start: number | undefined, end: number | undefined] {
  return [microseconds(sent.startTime, false), microseconds(sent.endTime, true)];
}

/** A start as a Range has it, in milliseconds. Half a microsecond earlier, where it is none: the store compares microseconds. */
function startMs(us: number | undefined): number | undefined {
  if (us === undefined) return undefined;
  return us % US_A_MS === 0 ? us / US_A_MS : (us - 0.5) / US_A_MS;
}

/** An end as a Range has it: the last millisecond that is meant as a whole, or the part of one, counted from its end. */
function endMs(us: number | undefined): number | undefined {
  if (us === undefined) return undefined;
  return us % US_A_MS === US_A_MS - 1 ? (us - US_A_MS + 1) / US_A_MS : (us + 0.5) / US_A_MS - 1;
}

/** Of candles, which open at whole seconds: times to the millisecond. Throws ApiError -1130. */
export function candleRangeOf(sent: Parameters) {
  const [start, end] = timesOf(sent);
  return {
    startTime: start === undefined ? undefined : Math.ceil(start / US_A_MS),
    endTime: end === undefined ? undefined : Math.floor(end / US_A_MS),
    limit: limitOf(sent),
  };
}

/** Throws ApiError -1128 for a `fromId` and times together, -1130. @param idName the parameter with the first id */
export function rangeOf(sent: Parameters, idName = 'fromId') {
  const from = optionalInteger(sent, idName);
  const [start, end] = timesOf(sent);
  const [startTime, endTime] = [startMs(start), endMs(end)];
  if (from !== undefined && idName === 'fromId' && (startTime !== undefined || endTime !== undefined)) throw errors.badCombination();
  return { from, startTime, endTime, limit: limitOf(sent) };
}

/** As {@link rangeOf}, of an account's own rows: throws ApiError -1127 too, for more than 24 hours. */
export function ownRangeOf(sent: Parameters, idName?: string) {
  const range = rangeOf(sent, idName);
  const [start, end] = timesOf(sent);
  // A millisecond's end counts as its beginning: what is exactly so long passes.
  if (start !== undefined && end !== undefined && end - start >= MOST_HOURS * HOUR_MS * US_A_MS + US_A_MS) throw errors.tooLong(MOST_HOURS);
  return range;
}
