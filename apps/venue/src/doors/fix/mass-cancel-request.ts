/** OrderMassCancelRequest: how it is read, and how it is reported on. */
import { type FixField, type FixMessage, MSG, TAG } from '@outcry/wire/fix';
import type { Market } from '../../domain/market.ts';
import type { FixClient } from './fix-client.ts';
import type { FixReports, Refusal } from './fix-reports.ts';
import { need, SIDE_CODES } from './order-reader.ts';

/** What is meant, -1: all; or why it cannot be done. Throws MissingField. */
export function readMassCancel(market: Market, client: FixClient, message: FixMessage): { instrument: number; side: number } | Refusal {
  const type = need(message, TAG.MASS_CANCEL_REQUEST_TYPE);
  const symbol = message.get(TAG.SYMBOL);
  const account = message.get(TAG.ACCOUNT) ?? client.account;
  const instrument = market.find(symbol ?? '')?.number ?? -1;
  if (type !== '1' && type !== '7') return { code: 0, text: 'MassCancelRequestType must be 1 or 7' };
  if (type === '1' && instrument < 0) return { code: 1, text: 'no such symbol' };
  if (type === '7' && symbol !== undefined) return { code: 99, text: 'Symbol is of MassCancelRequestType 1' };
  if (account !== client.account) return { code: 99, text: `Account must be ${client.account}, the login's` };
  if (!['1', '2', undefined].includes(message.get(TAG.SIDE))) return { code: 99, text: 'Side must be 1 or 2' };
  return { instrument, side: SIDE_CODES.indexOf(message.get(TAG.SIDE) ?? '') };
}

/** Sends an OrderMassCancelReport. @param response what was cancelled, as the request's type says it; 0: it was refused */
export function reportMassCancel(
  reports: FixReports,
  client: FixClient,
  message: FixMessage,
  response: string,
  more: readonly FixField[],
): void {
  const clientId = need(message, TAG.CL_ORD_ID);
  reports.tell(client, MSG.ORDER_MASS_CANCEL_REPORT, [
    [TAG.CL_ORD_ID, clientId],
    [TAG.ORDER_ID, clientId],
    [TAG.MASS_CANCEL_REQUEST_TYPE, need(message, TAG.MASS_CANCEL_REQUEST_TYPE)],
    [TAG.MASS_CANCEL_RESPONSE, response],
    [TAG.MASS_ACTION_REPORT_ID, client.session.isFixt ? reports.nextId() : undefined],
    ...more,
  ]);
}
