import type { Login } from '../core/accounts.ts';
import { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { Flow } from './order-table.ts';

/** What a login's OUCH messages are written to. Messages are 5.0's; a port of another version translates what it is given. */
export class OuchPort implements SoupPort {
  readonly login: Login;
  readonly session: string;
  readonly log: SequencedLog;
  connection: SoupConnection | undefined;
  /** whether new orders were disabled by the client */
  isDisabled = false;
  /** flows by channel (UserRefIdx) */
  readonly flows: Flow[] = [];
  /** waits to be flushed */
  isDirty = false;
  /** where the message just begun is written */
  view: DataView;

  constructor(login: Login, session: string, directory: string, name: string) {
    this.login = login;
    this.session = session;
    this.log = new SequencedLog(directory, name);
    this.view = this.log.view;
  }

  /** Room for a message of 5.0. Returns where it goes, in `view`. */
  begin(bytes: number): number {
    return this.log.claim(bytes);
  }

  /** The message begun is written. */
  commit(): void {}

  /** A client's message as 5.0 has it, in `incoming`: its length, or below 0 what is wrong with it. */
  translate(view: DataView, at: number, bytes: number): number {
    this.incoming = view;
    this.incomingAt = at;
    return bytes;
  }
  incoming!: DataView;
  incomingAt = 0;
}
