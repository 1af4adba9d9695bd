import type { Login } from '../../core/accounts/accounts.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';
import type { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { Flow } from './order-table.ts';

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
