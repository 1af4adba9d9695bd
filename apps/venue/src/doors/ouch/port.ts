/** A login's door in OUCH, and the series of orders that come through it. */
import type { Login } from '../../core/accounts/accounts.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';
import type { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupConnection, SoupPort } from '../soup/soup-connection.ts';

/** Goes through the open orders of a flow, from the oldest on, while they come and go. */
export interface Walk {
  readonly flow: Flow;
  /** slot of the order that it has come to, 0: it is done */
  at: number;
}

/** A series of orders numbered upward by a client: a login's, or one of its channels (UserRefIdx). */
export interface Flow {
  /** place in the table's list */
  readonly number: number;
  readonly login: number;
  readonly channel: number;
  readonly account: number;
  /** its login's door in the session that is running, once it was needed */
  port: OuchPort | undefined;
  /** the highest reference used */
  last: number;
  /** the highest reference whose outcome is known */
  concluded: number;
  /** the highest reference that was used when its connection ended, if its orders go with that */
  goneUpTo: number;
  /** orders and replacements whose outcome is not known */
  inFlight: number;
  /** slots of its oldest and its newest open order, 0: it has none */
  oldest: number;
  newest: number;
  /** those under way through its orders: one that goes is stepped over */
  readonly walks: Walk[];
  /** the one that cancels what its client has left, if there is one */
  gone: Walk | undefined;
  /** messages that wait for the outcome of an order, and those behind them */
  waiting: DataView[] | undefined;
}

/** A login's door in one session: its sequenced messages, and who reads them. */
export class OuchPort implements SoupPort {
  /** as it was when the port was made: its number, account and user stay */
  readonly login: Login;
  readonly session: string;
  readonly log: SequencedLog;
  readonly throttle: Throttle | undefined;
  connection: SoupConnection | undefined;
  /** flows by channel (UserRefIdx) */
  readonly flows: (Flow | undefined)[] = [];
  /** whether the client has disabled new orders */
  isDisabled = false;
  /** messages of its flows that wait for outcomes */
  waiting = 0;
  /** waits to be flushed */
  isDirty = false;

  constructor(login: Login, session: string, log: SequencedLog, throttle: Throttle | undefined) {
    this.login = login;
    this.session = session;
    this.log = log;
    this.throttle = throttle;
  }
}
