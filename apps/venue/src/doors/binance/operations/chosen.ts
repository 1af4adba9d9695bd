/** Which instruments a request of market data means: by symbol, by a list, by their status. */
import type { Instrument } from '../../../domain/market.ts';
import { errors } from '../../http/errors.ts';
import type { BinanceServices } from '../operation.ts';
import { instrumentOf } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import { statusOf } from '../public-data.ts';
import * as s from './schemas.ts';

const STATUSES = ['TRADING', 'HALT', 'BREAK'];

export const symbolStatus = s.optional(s.oneOf(STATUSES, 'Only of instruments with this status'));

/** Parameters of what may be asked of one instrument, some, or all. */
export const chosenParameters = { symbol: s.optional(s.symbol), symbols: s.optional(s.symbolList), symbolStatus };

function hasStatus({ feeds, rules }: BinanceServices, instrument: Instrument, status: string): boolean {
  return statusOf(feeds[instrument.number].state, rules.limits(instrument).isOpen) === status;
}

/** Throws ApiError -1122 for a status that is none, -1220 for an instrument that has another one. */
function checkStatus(services: BinanceServices, { symbolStatus: status }: Parameters, instrument: Instrument): void {
  if (status === undefined) return;
  if (!STATUSES.includes(status)) throw errors.invalidStatus();
  if (!hasStatus(services, instrument, status)) throw errors.otherStatus();
}

/** The instrument of `symbol`, in the status that was asked for. Throws as {@link instrumentOf} and {@link checkStatus}. */
export function chosenOne(services: BinanceServices, sent: Parameters): Instrument {
  const instrument = instrumentOf(services, sent);
  checkStatus(services, sent, instrument);
  return instrument;
}

/**
 * With `symbol`, one number. Else the numbers of the instruments that `symbols` names, or of all, that have the status which was asked for.
 * Throws ApiError -1101, -1121, -1122, -1151, -1220.
 */
export function chosen(services: BinanceServices, sent: Parameters): number | number[] {
  if (sent.symbol !== undefined && sent.symbols !== undefined) throw errors.tooMany("'symbol' and 'symbols' exclude each other");
  if (sent.symbol !== undefined) return chosenOne(services, sent).number;
  const { symbolStatus: status } = sent;
  if (status !== undefined && !STATUSES.includes(status)) throw errors.invalidStatus();
  const isMeant = (instrument: Instrument) => status === undefined || hasStatus(services, instrument, status);
  return listed(services, sent)
    .filter(isMeant)
    .map(({ number }) => number);
}

function listed(services: BinanceServices, { symbols }: Parameters): readonly Instrument[] {
  if (symbols === undefined) return services.market.instruments;
  const named = JSON.parse(symbols) as string[];
  if (new Set(named).size < named.length) throw errors.duplicateSymbols();
  return named.map((symbol) => instrumentOf(services, { symbol }));
}
