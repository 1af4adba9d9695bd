/** What a client calls the strategy that an order is part of: nothing depends on it. */
import type { Order, Strategy } from '../../domain/orders.ts';
import { ApiError, errors } from '../http/errors.ts';
import * as s from './operations/schemas.ts';
import type { Parameters } from './parameters.ts';

const LEAST_TYPE = 1_000_000;
const MOST_TYPE = 0x7fffffff;
/** A command holds one more. */
const MOST_ID = Number.MAX_SAFE_INTEGER - 1;

export const strategyId = s.whole('Number of the strategy, as the client has it');
export const strategyType = s.whole(`Kind of the strategy, as the client has it: from ${LEAST_TYPE}`);

/** Undefined: none was sent. Throws ApiError -1100, -1134. */
export function readStrategy(sent: Parameters): Strategy | undefined {
  if (sent.strategyId === undefined && sent.strategyType === undefined) return undefined;
  const id = Number(sent.strategyId ?? -1);
  const type = Number(sent.strategyType ?? 0);
  if (id > MOST_ID) throw errors.illegal('strategyId', `0 to ${MOST_ID}`);
  if (sent.strategyType !== undefined && type < LEAST_TYPE) throw new ApiError(-1134, `strategyType was less than ${LEAST_TYPE}.`);
  if (type > MOST_TYPE) throw errors.illegal('strategyType', `${LEAST_TYPE} to ${MOST_TYPE}`);
  return { id, type };
}

/** An order's, under the names that it has in answers and in executionReport. */
export function strategyJson({ strategy }: Order, idName = 'strategyId', typeName = 'strategyType') {
  if (strategy === undefined) return {};
  const { id, type } = strategy;
  return { ...(id >= 0 && { [idName]: id }), ...(type > 0 && { [typeName]: type }) };
}
