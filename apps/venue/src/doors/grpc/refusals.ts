/** What the venue refuses, as gRPC's statuses: they say what the client must change, or wait for. */
import { Code, ConnectError } from '@connectrpc/connect';
import { REASON, REASON_NAMES } from '@outcry/market/reason';
import { LimitExceeded } from '../../core/fairness/rate-limits.ts';
import { GatewayError } from '../../core/orders/gateway.ts';
import { Refusal } from '../../domain/refusal.ts';

const UNSENT_AS: Record<GatewayError['code'], Code> = {
  overloaded: Code.Unavailable,
  short_of_memory: Code.ResourceExhausted,
  too_many_orders: Code.ResourceExhausted,
  journal_full: Code.Unavailable,
  unknown_outcome: Code.Unknown,
};

const REFUSED_AS: Record<Refusal['kind'], Code> = {
  invalid: Code.InvalidArgument,
  unknown: Code.NotFound,
  conflict: Code.AlreadyExists,
  refused: Code.FailedPrecondition,
};

/** Throws what the venue threw: as a ConnectError where that was foreseen. */
export function rethrow(error: unknown): never {
  if (error instanceof Refusal) throw new ConnectError(error.message, REFUSED_AS[error.kind]);
  if (error instanceof GatewayError) throw new ConnectError(error.message, UNSENT_AS[error.code]);
  if (error instanceof LimitExceeded) throw new ConnectError(error.message, Code.ResourceExhausted);
  throw error;
}

/** A refusal of the engine's. */
export function refusal(reason: number): ConnectError {
  const name = REASON_NAMES[reason] ?? 'refused';
  if (reason === REASON.UNKNOWN_ORDER) return new ConnectError(name, Code.NotFound);
  if (reason === REASON.DUPLICATE_CLIENT_ID) return new ConnectError(name, Code.AlreadyExists);
  if (reason === REASON.OUT_OF_ORDERS || reason === REASON.TOO_MANY_MESSAGES) return new ConnectError(name, Code.ResourceExhausted);
  return new ConnectError(name, Code.FailedPrecondition);
}
