/** The venue's clock when the machine's clocks are set. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRADING_STATE } from '@outcry/market/states';
import pino from 'pino';
import { Clock } from '../src/core/clock.ts';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { OpenOrders } from '../src/core/orders/open-orders.ts';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import type { CommandFields } from '../src/spine/commands.ts';
import { CLOCK_WORDS, ClockKeeper, startClock, VenueClock } from '../src/spine/venue-clock.ts';
import { startVenue } from '../src/venue.ts';
import { Client, temporaryDirectory } from './support/process.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const NOON = Date.UTC(2026, 5, 1, 12);

/** A machine whose clocks a test turns. */
class Machine {
  wall = NOON;
  steady = 5000;
  readonly words = new Int32Array(CLOCK_WORDS);
  readonly steps: number[] = [];
  readonly keeper: ClockKeeper;
  /** the gateway's thread and the wire thread */
  readonly clocks: VenueClock[];

  constructor() {
    startClock(this.words, this.wall, this.steady);
    const steady = () => this.steady;
    this.keeper = new ClockKeeper(
      this.words,
      (by) => this.steps.push(by),
      () => this.wall,
      steady,
    );
    this.clocks = [new VenueClock(this.words, steady), new VenueClock(this.words, steady)];
  }

  /** Time passes, and the keeper looks now and then; the venue is asked for the time all along. */
  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 250) {
      this.wall += 250;
      this.steady += 250;
      this.keeper.look();
      const [a, b] = this.clocks.map((clock) => clock.now());
      assert.equal(a, b, 'all threads are in the same time');
    }
  }

  /** Milliseconds that the venue's time is ahead of the wall clock's. */
  get ahead(): number {
    return this.clocks[0].now() / 1000 - this.wall;
  }
}

describe("the venue's time", () => {
  it('is that of the wall clock, and goes on with it', () => {
    const machine = new Machine();
    machine.pass(60 * SECOND);
    assert.equal(machine.ahead, 0);
    assert.deepEqual(machine.steps, []);
  });

  for (const days of [3, -3, 20_000 - 40_000]) {
    it(`does not follow the wall clock ${days} days there and back`, () => {
      const machine = new Machine();
      machine.wall += days * DAY;
      machine.pass(2 * SECOND);
      assert.equal(Math.round(machine.ahead / DAY), -days);
      machine.wall -= days * DAY;
      machine.pass(60 * SECOND);
      assert.equal(machine.ahead, 0);
      assert.deepEqual(machine.steps, []);
    });

    it(`follows a wall clock that was set ${days} days and stays there, within seconds, and back again`, () => {
      const machine = new Machine();
      for (const by of [days, -days]) {
        machine.wall += by * DAY;
        machine.pass(5 * SECOND);
        assert.ok(Math.abs(machine.ahead) < 1, `it is ${machine.ahead} ms ahead`);
      }
      assert.deepEqual(
        machine.steps.map((by) => by / DAY / 1000),
        [days, -days],
      );
    });
  }

  it('stands for a moment where the wall clock was set back by seconds, and goes back no more than that', () => {
    const machine = new Machine();
    machine.wall -= 6 * SECOND;
    let last = machine.clocks[0].now();
    for (let i = 0; i < 200; i++) {
      machine.pass(250);
      const time = machine.clocks[0].now();
      assert.ok(time >= last, 'orders are never stamped before those before them');
      last = time;
    }
    assert.ok(Math.abs(machine.ahead) < 1);
  });

  it('is drawn slowly to a wall clock that is a little off', () => {
    const machine = new Machine();
    machine.wall += 300;
    machine.pass(1000);
    assert.ok(machine.ahead < -290 && machine.ahead > -300, `${machine.ahead}`);
    machine.pass(200 * SECOND);
    assert.ok(Math.abs(machine.ahead) <= 2);
    assert.deepEqual(machine.steps, []);
  });
});

describe('a schedule', () => {
  const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
  const SCHEDULE = [
    { at: '16:35', state: 'CLOSED' },
    { at: '08:00', state: 'OPENING_AUCTION' },
    { at: '09:00', state: 'CONTINUOUS' },
    { at: '16:30', state: 'CLOSING_AUCTION' },
    { at: '10:00', state: 'HALTED', symbol: 'ETHUSDT' },
  ];

  /** The states that instruments take when time passes, or is set, from one time of day to another. */
  function received(from: number, to: number, passes: number): string[] {
    let [time, steady] = [from, 0];
    const sent: CommandFields[] = [];
    const submit = async (fields: CommandFields) => {
      sent.push(fields);
      return { ended: [] };
    };
    const feeds = market.instruments.map((instrument) => new MarketFeed(instrument));
    const clock = new Clock(
      market,
      feeds,
      new OpenOrders(10, 10),
      SCHEDULE,
      submit,
      () => undefined,
      () => time,
      () => steady,
    );
    [time, steady] = [to, passes];
    clock.tick();
    clock.close();
    return sent.map(({ instrument, asset }) => `${instrument} ${Object.entries(TRADING_STATE).find(([, state]) => state === asset)?.[0]}`);
  }
  const at = (hours: number, day = 0) => Date.UTC(2026, 5, 10 + day) + hours * 3600 * SECOND;
  const [continuous, halted] = ['0 CONTINUOUS', '1 HALTED'];

  it('is followed in its order when the venue was away from it for a while', () => {
    const all = ['0 CLOSING_AUCTION', '1 CLOSING_AUCTION', '0 CLOSED', '1 CLOSED'];
    assert.deepEqual(received(at(16.4), at(17), 0.6 * 3600 * SECOND), all);
    assert.deepEqual(received(at(16.4), at(16.4) + SECOND, SECOND), []);
  });

  it('is not gone through for the days that a clock was set over: each instrument takes the state of the new time', () => {
    assert.deepEqual(received(at(7), at(11, 3), SECOND), [continuous, halted]);
    assert.deepEqual(received(at(11, 3), at(7), SECOND), ['0 CLOSED', '1 CLOSED']);
    assert.deepEqual(received(at(12), at(11), SECOND), [], 'nothing of it lies between');
    assert.deepEqual(received(at(12), at(9.5), SECOND), ['1 CONTINUOUS'], 'only for whom something lies between');
  });
});

describe('orders', () => {
  it('carry the time again when a clock that was days ahead is right, also after a start', async (t) => {
    const data = temporaryDirectory('clock');
    let days = 0;
    const wallClock = () => Date.now() + days * DAY;
    const log = pino({ level: 'silent' });
    const config = { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, port: 0, data };
    const start = () => startVenue(config, { log, wallClock });
    let venue = await start();
    t.after(() => venue.close());
    await startDemo(venue, { flow: false }, log);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '59000', quantity: '0.001' };
    const stamped = async () => {
      const timestamp = venue.services.now();
      const { body } = await new Client(venue.url).signed('POST', '/api/v3/order', { ...order, timestamp });
      return Math.round((body.transactTime - Date.now()) / DAY) + 0;
    };
    const untilStamped = async (wanted: number) => {
      for (const deadline = performance.now() + 60_000; (await stamped()) !== wanted; ) {
        assert.ok(performance.now() < deadline, `orders are not stamped ${wanted} days ahead`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    assert.equal(await stamped(), 0);
    days = 3;
    await untilStamped(3);
    await venue.close();
    days = 0;
    venue = await start();
    assert.equal(await stamped(), 0, 'the journal knows a later time, which does not hold');
    days = -3;
    await untilStamped(-3);
    days = 0;
    await untilStamped(0);
    await venue.close();
  });
});
