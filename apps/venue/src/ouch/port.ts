import type { Login } from '../core/accounts.ts';
import type { SignedIn } from '../core/log-ins.ts';
import { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { Flow } from './order-table.ts';

/** A login's door: its sequenced messages, and its orders' flows. */
export class OuchPort implements SoupPort {
  readonly login: Login;
  readonly session: string;
  readonly log: SequencedLog;
  connection: SoupConnection | undefined;
  /** with what its connection signed in */
  signedIn: SignedIn | undefined;
  /** whether new orders were disabled by the client */
  isDisabled = false;
  /** flows by channel (UserRefIdx) */
  readonly flows: Flow[] = [];
  /** waits to be flushed */
  isDirty = false;

  constructor(login: Login, session: string, directory: string, name: string) {
    this.login = login;
    this.session = session;
    this.log = new SequencedLog(directory, name);
  }
}
