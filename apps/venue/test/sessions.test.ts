/** Sessions of orders, over connections that come, go and take over. */
import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import fc from 'fast-check';
import { type SessionOwner, Sessions } from '../src/core/orders/sessions.ts';
import type { CommandFields } from '../src/spine/commands.ts';

const ACCOUNTS = 2;
const CONNECTIONS = 4;
const LATER_MS = 10_000_000;

/** A session as it should be: who owns it, and when it ends if nobody comes back. */
interface Expected {
  account: number;
  owner: Owner | undefined;
  graceMs: number;
  endsAt: number;
  isOver: boolean;
}

class Owner implements SessionOwner {
  isOver = false;
  readonly sessions: Sessions;
  constructor(sessions: Sessions) {
    this.sessions = sessions;
  }

  onTakenOver(): void {
    this.leave();
  }

  leave(): void {
    if (!this.isOver) this.sessions.leave(this);
    this.isOver = true;
  }
}

type Step =
  | { what: 'open' | 'again'; connection: number; account: number; graceMs: number; which: number }
  | { what: 'leave'; connection: number }
  | { what: 'wait'; ms: number };

const connection = fc.nat(CONNECTIONS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constantFrom('open' as const, 'again' as const),
    connection,
    account: fc.nat(ACCOUNTS - 1),
    graceMs: fc.constantFrom(0, 1, 50, 1000),
    which: fc.nat(9),
  }),
  fc.record({ what: fc.constant('leave' as const), connection }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 49, 51, 2000) }),
);

/** Sessions, connections and a clock, beside what should come of them. */
class Scene {
  readonly cancelled = new Set<number>();
  readonly refusals: number[];
  readonly sessions = new Sessions((fields) => this.#submit(fields));
  readonly ids: string[] = [];
  readonly numbers: number[] = [];
  readonly expected: Expected[] = [];
  readonly #owners = Array.from({ length: CONNECTIONS }, () => new Owner(this.sessions));
  now = 0;

  constructor(refusals: number[]) {
    this.refusals = refusals;
  }

  /** The venue has no room now and then. */
  #submit({ asset }: CommandFields): Promise<unknown> {
    if ((this.refusals.shift() ?? 0) > 0) return Promise.reject(new Error('overloaded'));
    assert.ok(!this.cancelled.has(asset!), 'cancelled once');
    this.cancelled.add(asset!);
    return Promise.resolve();
  }

  do(step: Step): void {
    if (step.what === 'wait') {
      mock.timers.tick(step.ms);
      this.now += step.ms;
      for (const one of this.expected) if (one.owner === undefined && this.now >= one.endsAt) one.isOver = true;
    } else if (step.what === 'leave') this.#leave(this.#owner(step.connection));
    else if (step.what === 'open') this.#open(this.#owner(step.connection), step);
    else if (this.ids.length > 0) this.#again(this.#owner(step.connection), step, step.which % this.ids.length);
  }

  /** A connection that is over is another one from then on. */
  #owner(place: number): Owner {
    if (this.#owners[place].isOver) this.#owners[place] = new Owner(this.sessions);
    return this.#owners[place];
  }

  #open(owner: Owner, { account, graceMs }: { account: number; graceMs: number }): void {
    const { id, number } = this.sessions.open(account, owner, graceMs)!;
    this.ids.push(id);
    this.numbers.push(number);
    this.expected.push({ account, owner, graceMs, endsAt: 0, isOver: false });
  }

  #again(owner: Owner, { account, graceMs }: { account: number; graceMs: number }, which: number): void {
    const one = this.expected[which];
    const session = this.sessions.takeOver(this.ids[which], account, owner, graceMs);
    if (one.isOver || one.account !== account) {
      assert.equal(session, undefined, 'a session that is over, or another account’s, is not to be had');
      return;
    }
    assert.equal(session!.number, this.numbers[which]);
    const before = one.owner;
    one.owner = owner;
    one.graceMs = graceMs;
    if (before !== undefined && before !== owner) this.#gone(before);
  }

  #leave(owner: Owner): void {
    owner.leave();
    this.#gone(owner);
  }

  #gone(owner: Owner): void {
    assert.ok(owner.isOver, 'a connection whose session goes on elsewhere ends');
    for (const one of this.expected) {
      if (one.owner !== owner) continue;
      one.owner = undefined;
      one.endsAt = this.now + one.graceMs;
    }
  }
}

it('orders of a session are cancelled exactly when no connection has owned it for its grace, however connections come, go and take over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.array(fc.nat(1), { maxLength: 5 }), async (steps, refusals) => {
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const scene = new Scene(refusals);
        const hasRoom = refusals.every((refusal) => refusal === 0);
        for (const each of steps) {
          scene.do(each);
          const over = scene.numbers.filter((_, i) => scene.expected[i].isOver);
          if (hasRoom && each.what === 'wait') assert.deepEqual([...scene.cancelled].sort(), over.sort());
        }
        for (const [i, number] of scene.numbers.entries())
          if (scene.cancelled.has(number)) assert.ok(scene.expected[i].isOver, 'not while somebody owns it or may come back');
        for (let again = 0; again < 10; again++) {
          mock.timers.tick(LATER_MS);
          await Promise.resolve();
          await Promise.resolve();
        }
        const left = scene.expected.flatMap(({ owner }, i) => (owner === undefined ? [scene.numbers[i]] : []));
        assert.deepEqual([...scene.cancelled].sort(), left.sort(), 'and in the end all that nobody owns, also when the venue had no room');
        scene.sessions.close();
      } finally {
        mock.timers.reset();
      }
    }),
    { numRuns: 500 },
  );
});

it('an id is not to be guessed, and the next one does not follow from it', () => {
  const sessions = new Sessions(() => Promise.resolve());
  const ids = Array.from({ length: 50 }, (_, i) => sessions.open(0, new Owner(sessions), i)!.id);
  assert.equal(new Set(ids).size, 50);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  sessions.close();
});

it('an account has so many sessions, and room for another when one is over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sessions = new Sessions(() => Promise.resolve());
  const owner = new Owner(sessions);
  for (let i = 0; i < 64; i++) assert.ok(sessions.open(0, owner, 1000));
  assert.equal(sessions.open(0, owner, 1000), undefined);
  assert.ok(sessions.open(1, owner, 1000), 'others have their own');
  owner.leave();
  t.mock.timers.tick(1001);
  assert.ok(sessions.open(0, new Owner(sessions), 1000));
  sessions.close();
});
