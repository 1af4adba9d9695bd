/** Logins as the venue keeps them, without a venue: their passwords hashed with an operator's key of the tests' own. */

import { OperatorKey } from '../../src/core/accounts/operator-key.ts';
import type { Login } from '../../src/domain/credentials.ts';
import { temporaryDirectory } from './process.ts';

const operatorKey = OperatorKey.open(temporaryDirectory('logins'), undefined, undefined);

export function loginOf(user: string, number: number, account: number, ...passwords: [password: string, validUntil?: number][]): Login {
  const kept = passwords.map(([password, validUntil]) => ({ ...operatorKey.check(operatorKey.keep(password)), validUntil }));
  return { user, number, account, cancelOnDisconnect: false, passwords: kept };
}
