/** Accounts from records: what a door is told, and when a login expires. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { describe, it } from 'node:test';
import { AccountView } from '../src/core/accounts/account-view.ts';
import { administratorOf } from '../src/core/accounts/administrators.ts';
import type { OperatorKey } from '../src/core/accounts/operator-key.ts';
import { Registry } from '../src/core/accounts/registry.ts';
import type { Services } from '../src/core/services.ts';
import { isValid } from '../src/domain/credentials.ts';

/** Accounts as records have them; nothing is sealed. */
class Desk {
  readonly registry: Registry;
  readonly view: AccountView;
  /** users that were valid, each time that logins were told */
  readonly received: string[] = [];

  constructor(records: Record<string, object>) {
    const entries = Object.entries(records).map(([name, value]) => [name, Buffer.from(JSON.stringify(value))] as const);
    this.registry = new Registry([['account/0', Buffer.from('{"name":"alice"}')], ...entries], async () => ({ reason: 0 }));
    this.view = new AccountView(this.registry, { open: (sealed: string) => sealed } as unknown as OperatorKey);
    this.view.onLogins.push((logins) => this.received.push(logins.flatMap((one) => (isValid(one, Date.now()) ? [one.user] : [])).join()));
  }

  change(name: string, value: object): void {
    this.registry.apply(name, Buffer.from(JSON.stringify(value)));
  }
}

const login = (number: number, validUntil?: number) => ({ number, account: 0, cancelOnDisconnect: false, passwords: [], validUntil });
const keyRecord = (key: string, secret: string, permission: string) => ({
  account: 0,
  sealed: JSON.stringify({ key, secret }),
  permission,
  createdAt: 0,
});

describe('a login whose time is up', () => {
  it('is told to the doors, also when another record changes before the timer of it goes off', (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
    const desk = new Desk({ 'login/ANN': login(1, 1000), 'login/BEN': login(2) });
    t.after(() => desk.view.close());
    t.mock.timers.setTime(1000); // its time is up, the timer has not gone off
    desk.change('key/x', keyRecord('x', 'secret of x', 'READ'));
    assert.equal(desk.received.at(-1), 'BEN');
  });

  it('is told when the timer goes off a moment early, or the clock is set while it runs', (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
    const desk = new Desk({ 'login/ANN': login(1, 20_000), 'login/BEN': login(2, 3_600_000) });
    t.after(() => desk.view.close());
    t.mock.timers.tick(19_000);
    t.mock.timers.setTime(18_990); // the timer is due at 20,000 of its own clock, which is ahead by 10
    t.mock.timers.tick(1000);
    assert.equal(desk.received.at(-1) ?? 'ANN,BEN', 'ANN,BEN');
    t.mock.timers.tick(11_000);
    assert.equal(desk.received.at(-1), 'BEN');
    t.mock.timers.setTime(3_600_000); // an hour has passed on the clock, seconds on the timer's
    t.mock.timers.tick(11_000);
    assert.equal(desk.received.at(-1), '');
  });
});

describe('who asks to administer', () => {
  const secret = crypto.randomBytes(32).toString('hex');
  const other = crypto.randomBytes(32).toString('hex');

  it('is looked for among the keys that may, not among all accounts', () => {
    const desk = new Desk({ 'key/a': keyRecord('a', secret, 'ADMIN'), 'key/t': keyRecord('t', other, 'TRADE') });
    Object.defineProperty(desk.view, 'all', { get: () => assert.fail('accounts are gone through') });
    const services = { accounts: desk.view, adminToken: { is: () => false } } as unknown as Services;
    const may = (given: string) => administratorOf(services, given, '127.0.0.1') !== undefined;
    assert.deepEqual([may(other), may(crypto.randomBytes(32).toString('hex'))], [false, false]);
    desk.change('key/t', keyRecord('t', other, 'ADMIN'));
    assert.equal(may(other), true);
    desk.registry.apply('key/t', undefined);
    assert.equal(may(other), false);
  });
});
