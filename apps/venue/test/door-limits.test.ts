import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Connections } from '../src/core/fairness/connections.ts';
import { RateLimiter } from '../src/core/fairness/rate-limits.ts';
import { Throttle } from '../src/core/fairness/throttle.ts';
import { SessionDay } from '../src/core/session-day.ts';

describe('places at a door', () => {
  it('silent connections give way, the oldest first, to one that may want to sign in', () => {
    const door = new Connections({ most: 10, perAddress: 10, unsigned: 3 });
    const closed: number[] = [];
    for (let i = 0; i < 5; i++) assert.ok(door.enter('10.0.0.1', () => closed.push(i)));
    assert.deepEqual(closed, [0, 1]);
    assert.equal(door.count, 3);
  });

  it('one address that crowds the door gives way before others do', () => {
    const door = new Connections({ most: 10, perAddress: 10, unsigned: 4 });
    const closed: string[] = [];
    door.enter('10.0.0.2', () => closed.push('honest'));
    for (let i = 0; i < 9; i++) door.enter('10.0.0.1', () => closed.push('crowd'));
    assert.ok(door.enter('10.0.0.3', () => closed.push('new')));
    assert.deepEqual(new Set(closed), new Set(['crowd']));
  });

  it('those that are signed in are never asked to give way, and a full door refuses', () => {
    const door = new Connections({ most: 4, perAddress: 3, unsigned: 2 });
    const closed: string[] = [];
    const places = ['a', 'a', 'a', 'b'].map((address) => {
      const place = door.enter(address, () => closed.push(address))!;
      place.stays();
      return place;
    });
    assert.equal(
      door.enter('a', () => undefined),
      undefined,
    );
    assert.equal(
      door.enter('c', () => undefined),
      undefined,
    );
    assert.deepEqual(closed, []);
    places[0].leave();
    places[0].leave();
    assert.ok(door.enter('c', () => undefined));
  });

  it('one customer of IPv6 is one address, however many addresses it has; IPv4 is the same in both ways of writing it', () => {
    const door = new Connections({ most: 100, perAddress: 3, unsigned: 100 });
    const closed: string[] = [];
    for (let i = 0; i < 5; i++) door.enter(`2001:db8:0:1::${i + 1}`, () => closed.push(`host ${i}`));
    assert.deepEqual(closed, ['host 0', 'host 1']);
    assert.ok(door.enter('2001:db8:0:2::1', () => closed.push('neighbour')));
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1', '10.0.0.1']) door.enter(address, () => closed.push(address));
    assert.deepEqual(closed.slice(2), ['10.0.0.1']);

    const limiter = new RateLimiter({ weightPerMinute: 10, ordersPerTenSeconds: 1, ordersPerDay: 1 });
    for (let i = 1; i <= 10; i++) assert.equal(limiter.useWeight(`2001:db8:0:1:${i}::`, 1, 0), i);
    assert.throws(() => limiter.useWeight('2001:db8:0:1:ffff::1', 1, 0), /more than 10 of request weight/);
    assert.equal(limiter.useWeight('2001:db8:0:2::1', 1, 0), 1);
  });

  it('counts what is open, whatever comes and goes', () => {
    const step = fc.record({ address: fc.constantFrom('a', 'b', 'c'), what: fc.constantFrom('enter', 'sign', 'leave'), which: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const door = new Connections({ most: 8, perAddress: 4, unsigned: 3 });
        const connections = new Set<{ address: string; signed: boolean; place: ReturnType<Connections['enter']> }>();
        for (const { address, what, which } of steps) {
          const chosen = [...connections][which % Math.max(1, connections.size)];
          if (what === 'enter') {
            const entry = { address, signed: false, place: undefined as ReturnType<Connections['enter']> };
            entry.place = door.enter(address, () => {
              assert.equal(entry.signed, false);
              connections.delete(entry);
            });
            if (entry.place !== undefined) connections.add(entry);
          } else if (chosen !== undefined && what === 'sign') {
            chosen.signed = true;
            chosen.place!.stays();
          } else if (chosen !== undefined) {
            connections.delete(chosen);
            chosen.place!.leave();
          }
          assert.equal(door.count, connections.size);
          assert.ok(connections.size <= 8);
          assert.ok([...connections].filter(({ signed }) => !signed).length <= 3);
          for (const each of ['a', 'b', 'c']) assert.ok([...connections].filter((entry) => entry.address === each).length <= 4);
        }
      }),
    );
  });
});

describe('a session that sends too fast', () => {
  it('is read at the rate that it may have', () => {
    const throttle = new Throttle(1000, 0);
    let now = 0;
    for (let i = 0; i < 10_000; i++) now += throttle.take(1, now);
    assert.ok(now >= 9_890 && now <= 10_000, `10,000 messages at 1,000/s took ${now} ms`);
  });

  it('is not held up below it, nor without a limit, nor by a clock that steps back', () => {
    const throttle = new Throttle(1000, 0);
    for (let now = 0; now < 10_000; now++) assert.equal(throttle.take(1, now), 0);
    assert.equal(throttle.take(1, 5000), 0);
    assert.equal(new Throttle(0).take(1e9), 0);
  });
});

describe("the session's day", () => {
  it('rolls at its time, once, and not back', () => {
    let now = Date.UTC(2026, 10, 27, 16, 59, 59);
    const day = new SessionDay('17:00', () => now);
    const rolls: string[] = [];
    day.onRoll.push((name) => rolls.push(name));
    assert.equal(day.name, '20261126');
    assert.equal(day.look(), false);
    now = Date.UTC(2026, 10, 27, 17, 0, 0);
    assert.equal(day.look(), true);
    now = Date.UTC(2026, 10, 26, 0, 0, 0);
    assert.equal(day.look(), false);
    assert.deepEqual([day.name, rolls], ['20261127', ['20261127']]);
    day.close();
  });

  it('refuses a time that is none', () => {
    for (const roll of ['24:00', '7:00', '12:60', '']) assert.throws(() => new SessionDay(roll), /no time of day/);
  });
});
