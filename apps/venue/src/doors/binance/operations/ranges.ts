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

/** Throws ApiError -1128 for a `fromId` and times together, -1130. @param idName the parameter with the first id */
export function rangeOf(sent: Parameters, idName = 'fromId') {
  const from = optionalInteger(sent, idName);
  const [startTime, endTime] = [optionalInteger(sent, 'startTime'), optionalInteger(sent, 'endTime')];
  if (from !== undefined && idName === 'fromId' && (startTime !== undefined || endTime !== undefined)) throw errors.badCombination();
  return { from, startTime, endTime, limit: limitOf(sent) };
}

/** As {@link rangeOf}, of an account's own rows: throws ApiError -1127 too, for more than 24 hours. */
export function ownRangeOf(sent: Parameters, idName?: string) {
  const range = rangeOf(sent, idName);
  const { startTime, endTime } = range;
  if (startTime !== undefined && endTime !== undefined && endTime - startTime > MOST_HOURS * HOUR_MS) throw errors.tooLong(MOST_HOURS);
  return range;
}
