/** The operation that cancels an order and enters another. */
import { ALLOW_FAILURE } from '@outcry/market/command';
import { LimitExceeded } from '../../../core/fairness/rate-limits.ts';
import { freshId } from '../../../core/fresh-id.ts';
import type { Order } from '../../../domain/orders.ts';
import { cancel, cancelReplace } from '../../../spine/commands.ts';
import { ApiError, apiErrorOf, cancelError, errors, newOrderError } from '../../http/errors.ts';
import { cancelJson, newOrderJson } from '../format.ts';
import { newOrderParameters, readNewOrder } from '../new-order.ts';
import type { BinanceServices, Caller, Operation } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import * as o from './order-answers.ts';
import * as s from './schemas.ts';
import { countOrder, isRestricted, openOrder, responseType, restricted, restrictionOf } from './trading.ts';

const MODES = ['STOP_ON_FAILURE', 'ALLOW_FAILURE'];
/** What happens when the account has entered as many orders as it may: nothing, or the cancel alone. */
const LIMIT_MODES = ['DO_NOTHING', 'CANCEL_ONLY'];

/** cancelReplace: one command, so that nothing comes between. */
async function replaceOrder(services: BinanceServices, sent: Parameters, caller: Caller) {
  if (!MODES.includes(sent.cancelReplaceMode)) throw errors.illegal('cancelReplaceMode', MODES.join(', '));
  const limitMode = sent.orderRateLimitExceededMode ?? 'DO_NOTHING';
  if (!LIMIT_MODES.includes(limitMode)) throw errors.illegal('orderRateLimitExceededMode', LIMIT_MODES.join(', '));
  const restriction = restrictionOf(sent);
  const allowFailure = sent.cancelReplaceMode === 'ALLOW_FAILURE';
  const order = readNewOrder(services, sent, caller);
  const answer = responseType(sent, 'FULL');
  const replaced = await openOrder(services, sent, caller, order.instrument, 'cancelOrderId', 'cancelOrigClientOrderId');
  const isKept = replaced !== undefined && isRestricted(replaced, restriction);
  const old = isKept ? undefined : replaced;
  const noCancel = isKept ? restricted() : cancelError(0);
  if (old === undefined && !allowFailure) throw replaceError(noCancel, undefined, undefined);
  try {
    countOrder(services, caller);
  } catch (error) {
    if (!(error instanceof LimitExceeded) || limitMode !== 'CANCEL_ONLY' || old === undefined) throw error;
    throw replaceError(await cancelAlone(services, sent, caller, old), apiErrorOf(error), undefined);
  }
  if (allowFailure) order.flags |= ALLOW_FAILURE;
  const outcome = await services.gateway.submit(cancelReplace(order, old?.id ?? 0));
  const cancelled = outcome.changed && cancelJson(outcome.changed, sent.cancelNewClientOrderId ?? freshId(), services.market);
  const entered = outcome.order && newOrderJson(outcome.order, outcome.fills, answer, services.market, outcome.prevented);
  const cancelFailure = outcome.cancelReason === 0 ? undefined : isKept ? noCancel : cancelError(outcome.cancelReason);
  const newFailure = outcome.reason === 0 ? undefined : newOrderError(outcome.reason);
  if (cancelFailure !== undefined || newFailure !== undefined)
    throw replaceError(cancelFailure ?? cancelled, newFailure ?? entered, entered);
  return { cancelResult: 'SUCCESS', newOrderResult: 'SUCCESS', cancelResponse: cancelled, newOrderResponse: entered };
}

/** What became of the cancel. */
async function cancelAlone(services: BinanceServices, sent: Parameters, caller: Caller, { instrument, id }: Order) {
  const { cancelReason, changed } = await services.gateway.submit(cancel(caller.account, instrument, id));
  return cancelReason === 0 ? cancelJson(changed!, sent.cancelNewClientOrderId ?? freshId(), services.market) : cancelError(cancelReason);
}

/** -2022: the cancel failed (and with it the rest); -2021: one of the two failed. The details go along as `data`. */
function replaceError(cancelPart: unknown, newPart: unknown, entered: unknown): ApiError {
  const cancelFailed = cancelPart instanceof ApiError;
  const partly = !cancelFailed || entered !== undefined;
  const error = partly
    ? new ApiError(-2021, 'Order cancel-replace partially failed.', 409)
    : new ApiError(-2022, 'Order cancel-replace failed.');
  const shown = (part: unknown) => (part instanceof ApiError ? { code: part.code, msg: part.message } : (part ?? null));
  const newResult = newPart === undefined ? 'NOT_ATTEMPTED' : newPart instanceof ApiError ? 'FAILURE' : 'SUCCESS';
  const data = {
    cancelResult: cancelFailed ? 'FAILURE' : 'SUCCESS',
    newOrderResult: newResult,
    cancelResponse: shown(cancelPart),
    newOrderResponse: shown(newPart),
  };
  return Object.assign(error, { data });
}

export const cancelReplaceOperations: Operation[] = [
  {
    summary: 'Cancel an order and place another, as one step',
    rest: { method: 'POST', path: '/api/v3/order/cancelReplace' },
    ws: 'order.cancelReplace',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters({
      ...newOrderParameters,
      cancelReplaceMode: s.oneOf(MODES, 'Whether the new order is tried when the cancel fails'),
      cancelOrderId: s.optional(s.whole('Order id')),
      cancelOrigClientOrderId: s.optional(s.clientId),
      cancelNewClientOrderId: s.optional(s.clientId),
      cancelRestrictions: s.optional(s.oneOf(['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'], 'Cancel only if the order is in this state')),
      orderRateLimitExceededMode: s.optional(s.oneOf(LIMIT_MODES, 'What is done beyond the limit of orders')),
    }),
    answer: o.replaced,
    run: replaceOrder,
  },
];
