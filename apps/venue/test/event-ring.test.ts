/** The event ring without readers, and while it is connected. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { pino } from 'pino';
import { type Crew, startCrew } from '../src/spine/crew.ts';
import { ReaderWatch } from '../src/spine/reader-watch.ts';
import { EVENT_READERS, GATEWAY_GATE, Shared, WIRE_GATE } from '../src/spine/shared.ts';
import { temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const LIMITS = { orders: 10, accounts: 2, assets: 2, instruments: 1 };
const EVENT_SLOTS = 16;
/** Commands of the venue's own before others: its limits. One event tells of them, too. */
const OWN = 1;

/** Engine and journal with a small event ring, whose readers the test plays. */
async function crewWith(t: TestContext, eventStart = 0): Promise<Crew> {
  const directory = temporaryDirectory('event-ring');
  const crew = await startCrew({
    limits: LIMITS,
    journal: { directory, durability: 'os', segmentBytes: 1 << 20, partition: 0 },
    memory: { commandSlots: 256, eventSlots: EVENT_SLOTS, wait: 'park', hasWireThread: true, eventStart },
  });
  t.after(async () => {
    await crew.stop();
    fs.rmSync(directory, { recursive: true });
  });
  return crew;
}

/** Sends commands that each cause one event: accounts that there are not. */
function send(crew: Crew, count: number): void {
  const { commands } = crew.shared;
  const first = commands.claim(count);
  assert.ok(first >= 0);
  for (let i = 0; i < count; i++) {
    const at = commands.wordOf(first + i);
    commands.i32.fill(0, at, at + command.WORDS);
    commands.i32[at + command.HEAD] = commandHead(COMMAND.OPEN_ACCOUNT);
    commands.i32[at + command.ACCOUNT] = 1000;
  }
  commands.publish(first, count);
  crew.shared.engineBell.ring();
  crew.shared.journalBell.ring();
}

/** A venue's log, kept. */
function keptLog(): { log: pino.Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) }), lines };
}

describe('the event ring', () => {
  for (const [gate, thread] of EVENT_READERS.entries()) {
    it(`names the ${thread} thread when that one lets the engine wait for over 100 ms, and no other`, async (t) => {
      const crew = await crewWith(t);
      const { shared } = crew;
      const { log, lines } = keptLog();
      const watch = new ReaderWatch(shared, log);
      t.after(() => watch.close());
      send(crew, EVENT_SLOTS * 2);
      const other = gate === GATEWAY_GATE ? WIRE_GATE : GATEWAY_GATE;
      await until(
        () => shared.events.published() === EVENT_SLOTS,
        () => `${shared.events.published()} events`,
      );
      shared.events.release(other, EVENT_SLOTS);
      const noted = shared.heldUp(gate);
      await until(
        () => shared.heldUp(gate) >= noted + 100,
        () => 'no note',
      );
      watch.look();
      assert.match(lines.at(-1) ?? '', new RegExp(`^the ${thread} thread holds the event ring for \\d+ ms`));
      const received = lines.length;
      shared.events.release(gate, EVENT_SLOTS);
      await until(
        () => shared.events.published() === EVENT_SLOTS * 2,
        () => `${shared.events.published()} events`,
      );
      shared.events.release(gate, EVENT_SLOTS * 2);
      shared.events.release(other, EVENT_SLOTS * 2);
      await until(
        () => shared.commands.gate(0) === OWN + EVENT_SLOTS * 2,
        () => 'commands are left',
      );
      watch.look();
      const after = lines.length;
      watch.look();
      assert.equal(lines.length, after, 'what was told is not told again');
      assert.ok(after <= received + 1 && lines.slice(received).every((line) => line.includes(thread)));
    });
  }

  it('lets the engine end when its readers have gone, however much there is to tell', async (t) => {
    const crew = await crewWith(t);
    send(crew, EVENT_SLOTS * 4);
    await until(
      () => crew.shared.events.published() === EVENT_SLOTS,
      () => 'the ring is not full',
    );
    await crew.stop();
    assert.equal(crew.shared.commands.gate(0), OWN + EVENT_SLOTS * 4);
  });

  for (const border of [2 ** 31, 2 ** 32]) {
    it(`tells every event across ${border}, to readers that are slow, and to one that comes late`, async (t) => {
      const start = border - EVENT_SLOTS * 3;
      const crew = await crewWith(t, start);
      const { events } = crew.shared;
      send(crew, EVENT_SLOTS * 6);
      const count = OWN + EVENT_SLOTS * 6;
      const positions = [start, start];
      const sequences: number[][] = [[], []];
      for (let turn = 0; positions.some((position) => position < start + count); turn++) {
        const gate = turn % 3 === 0 ? GATEWAY_GATE : WIRE_GATE; // one of them is half as fast
        const end = Math.min(events.published(), positions[gate] + 3);
        for (let at = positions[gate]; at < end; at++) sequences[gate].push(events.f64[(events.wordOf(at) >> 1) + 4]);
        positions[gate] = end;
        events.release(gate, end);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const received of sequences)
        assert.deepEqual(
          received,
          Array.from({ length: count }, (_, i) => i + 1),
        );
      const late = new Shared(crew.shared.memory).events;
      assert.deepEqual([late.published(), late.gate(GATEWAY_GATE), late.inUse()], [start + count, start + count, 0]);
      assert.equal(events.limit(), start + count + EVENT_SLOTS);
    });
  }
});
