/** What an account's stream says: events, and the fields of executionReport that appear under a condition. */
import type { Fact } from './fact.ts';

const OWNER = 'streams.test.ts: tell an owner of every step of its orders, and of its balances';
const FIELDS = 'binance-reports.test.ts: executionReport has the documented fields of each kind of order, and no others';
const STRATEGY = 'strategies.test.ts: an order keeps its strategy in every answer and report, also after a restart';
const NO_SOR = 'one book for each instrument: no smart order routing, and no allocations';

export const userEvents: Fact[] = [
  { name: 'outboundAccountPosition', test: OWNER },
  { name: 'balanceUpdate', test: OWNER },
  { name: 'executionReport', test: OWNER },
  {
    name: 'listStatus',
    test: 'list-status.test.ts: an account is told when a list begins, after its orders, and when it is done, after the last of them',
  },
  { name: 'eventStreamTerminated', test: 'binance-reports.test.ts: a subscription that ends says so, and the others go on' },
  { name: 'externalLockUpdate', not: 'no other system locks balances of the venue' },
  {
    name: 'serverShutdown',
    test: 'list-status.test.ts: clients are told that the venue stops before their connections are closed',
  },
];

/** Events of the venue that the pages do not have (any more). */
export const moreEvents: Record<string, string> = { listenKeyExpired: 'of listen keys, which Binance has withdrawn' };

/** Fields that every executionReport has. */
export const REPORT_FIELDS = 'e E s c S o f q p P F g C x X r i l z L n N T t I w m M O Z Y Q V';

export const conditionalFields: Fact[] = [
  { name: 'd', test: FIELDS },
  { name: 'D', not: 'the engine does not report when trailing begins' },
  { name: 'j', test: STRATEGY },
  { name: 'J', test: STRATEGY },
  { name: 'v', test: FIELDS },
  { name: 'A', test: FIELDS },
  { name: 'B', test: FIELDS },
  { name: 'u', test: FIELDS },
  { name: 'U', test: FIELDS },
  { name: 'Cs', test: FIELDS },
  { name: 'pl', test: FIELDS },
  { name: 'pL', test: FIELDS },
  { name: 'pY', test: FIELDS },
  { name: 'W', test: FIELDS },
  { name: 'b', not: NO_SOR },
  { name: 'a', not: NO_SOR },
  { name: 'k', not: NO_SOR },
  { name: 'uS', not: NO_SOR },
  { name: 'gP', test: FIELDS },
  { name: 'gOT', test: FIELDS },
  { name: 'gOV', test: FIELDS },
  { name: 'gp', test: FIELDS },
  { name: 'eR', test: FIELDS },
];
