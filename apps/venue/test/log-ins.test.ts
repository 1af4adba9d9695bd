import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LogIns } from '../src/core/accounts/log-ins.ts';
import { loginOf } from './support/logins.ts';

const ADDRESS = '203.0.113.7';

const login = (user: string, number: number, ...passwords: [password: string, validUntil?: number][]) =>
  loginOf(user, number, number, ...passwords);

const USERS = Array.from({ length: 6 }, (_, i) => `USER${i}`);
const LOGINS = USERS.map((user, i) => login(user, i + 1, [`right${user}`.slice(0, 10)]));
const right = (user: string) => `right${user}`.slice(0, 10);

class Desk {
  now = 0;
  readonly logIns = new LogIns(LOGINS, () => this.now);
  enters(user: string, password: string, address = ADDRESS): boolean {
    return this.logIns.check(user, password, address) !== undefined;
  }
}

describe('who guesses', () => {
  it('shuts out the user that he guesses at, from his address, also with the right password, for a while', () => {
    const desk = new Desk();
    for (let i = 0; i < 5; i++) assert.equal(desk.enters('USER1', `guess${i}`), false);
    assert.equal(desk.enters('USER1', right('USER1')), false);
    assert.equal(desk.enters('USER1', right('USER1'), '198.51.100.1'), true, 'from elsewhere he is let in');
    desk.now += 61_000;
    assert.equal(desk.enters('USER1', right('USER1')), true);
  });

  it('never shuts out another user behind the same address, whoever else he makes up', () => {
    const guess = fc.record({
      user: fc.constantFrom('USER1', 'USER2', 'NOBODY', 'X1', ''),
      password: fc.string({ maxLength: 12 }),
      ms: fc.nat(500),
    });
    fc.assert(
      fc.property(fc.array(guess, { maxLength: 200 }), (guesses) => {
        const desk = new Desk();
        for (const { user, password, ms } of guesses) {
          desk.now += ms;
          desk.enters(user, password);
          assert.ok(desk.enters('USER0', right('USER0')));
        }
        assert.ok(desk.enters('USER3', right('USER3')), 'nor one who comes for the first time');
      }),
      { numRuns: 30 },
    );
  });

  it('gets no more than a few guesses a minute at each user, and still fewer when he guesses at many', () => {
    const desk = new Desk();
    /** a right password is let in only when it is looked at */
    const looked = (user: string) => desk.enters(user, right(user));
    let looks = 0;
    for (let second = 0; second < 600; second++) {
      desk.now += 1000;
      if (second % 2 === 0) desk.enters('USER1', 'wrongwrong');
      else if (looked('USER1')) looks++;
    }
    assert.ok(looks <= 60, `${looks} of 300 attempts in ten minutes`);
    const many = new Desk();
    let seen = 0;
    for (let second = 0; second < 120; second++) {
      many.now += 100;
      const user = USERS[second % USERS.length];
      if (second < 30) many.enters(user, 'wrongwrong');
      else if (many.enters(user, right(user))) seen++;
    }
    assert.equal(seen, 0, 'twelve seconds long');
  });

  it('of one IPv6 network is one guesser, however many addresses he has', () => {
    const desk = new Desk();
    for (let i = 0; i < 5; i++) desk.enters('USER1', 'wrongwrong', `2001:db8:0:1::${i}`);
    assert.equal(desk.enters('USER1', right('USER1'), '2001:db8:0:1:ffff::9'), false);
    assert.equal(desk.enters('USER1', right('USER1'), '2001:db8:0:2::1'), true);
  });

  it('takes bounded memory, whatever addresses and users he makes up', () => {
    const desk = new Desk();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 120_000; i++) desk.enters(`U${i}`, 'wrongwrong', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 100e6, `${grown} bytes`);
    assert.ok(desk.enters('USER1', right('USER1'), '198.51.100.1'));
  });
});

describe('a login', () => {
  const later = Date.now() + 3_600_000;
  const past = Date.now() - 1;

  it('is let in by its newest password, by the one before it while that holds, and by no other', () => {
    const logIns = new LogIns([login('A', 1, ['newpass'], ['oldpass', later], ['older99', past])]);
    assert.ok(logIns.check('A', 'newpass', ADDRESS));
    assert.ok(logIns.check('A', 'oldpass', ADDRESS));
    assert.equal(logIns.check('A', 'older99', ADDRESS), undefined);
  });

  it('that was revoked, or whose time is up, is not let in, by no password and not by an empty one', () => {
    const expired = { ...login('B', 2, ['password']), validUntil: past };
    const empty = login('C', 3, ['']);
    const short = login('D', 4, ['abc']);
    const logIns = new LogIns([login('A', 1), expired, empty, short]);
    for (const user of ['A', 'B', 'C', 'D', ''])
      for (const password of ['', 'abc', 'password', '0'.repeat(64)])
        assert.equal(logIns.check(user, password, `1.1.${user.length}.${password.length}`), undefined);
  });

  it('holds as long as the password that was used does', () => {
    const [a, b] = [login('A', 1, ['onepass']), login('B', 2, ['onepass'])];
    const logIns = new LogIns([a, b]);
    const [one, other] = ['A', 'B'].map((user) => logIns.check(user, 'onepass', ADDRESS)!);
    logIns.replace([{ ...a, passwords: [] }, b]);
    assert.equal(logIns.holds(one), false);
    assert.equal(logIns.holds(other), true);
    logIns.replace([b, login('A', 1, ['newpass'])]);
    assert.equal(logIns.holds(one), false, 'another password is not his');
    logIns.replace([
      { ...a, number: 9 },
      { ...b, validUntil: past },
    ]);
    assert.equal(logIns.holds(one) || logIns.holds(other), false);
  });
});
