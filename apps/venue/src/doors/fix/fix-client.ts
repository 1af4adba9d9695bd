/** A FIX session as the parts of the door know it. */
import type { FixMessage } from '@outcry/wire/fix';
import type { FixSession } from '@outcry/wire/fix-session';
import type { SignedIn } from '../../core/accounts/log-ins.ts';
import type { FixConnection } from './fix-connection.ts';
import type { FileFixStore } from './fix-store.ts';

/** A login's session, connected or not. */
export interface FixClient {
  /** as it was at the last Logon that was accepted */
  login: SignedIn;
  /** the account's name */
  account: string;
  readonly session: FixSession;
  readonly store: FileFixStore;
  connection: FixConnection<FixClient> | undefined;
  /** logons so far, and the last one whose connection ended without another one in its place */
  logons: number;
  ended: number;
  /** {@link FixApplication.onClear} is wanted when its line has nothing waiting any more */
  wantsLine: boolean;
  /** the day is over, its connection not yet */
  isRolling: boolean;
  /** it sent something in this turn */
  isFlushDue: boolean;
}

export interface FixApplication {
  onMessage(client: FixClient, message: FixMessage): void;
  /** Its connection is over. @param isMoved the session goes on with another one */
  onEnd(client: FixClient, isMoved: boolean): void;
  onClear(client: FixClient): void;
  /** Calls once all is sent that a client is to be told by now. */
  whenTold(client: FixClient, then: () => void): void;
}
