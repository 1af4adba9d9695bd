/** Command ring, engine, journal and reply ring on threads of their own, and a client that loads them. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { allocateSegment, SPARE_NAME } from '@outcry/journal/journal-writer';
import { command } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import type { Ring } from '@outcry/memory/ring';
import { slotPoolStatistics } from '@outcry/memory/slot-pool';
import type { PoolStatistics } from '@outcry/memory/statistics';
import { Histogram } from '@outcry/telemetry/histogram';
import { type Crew, startCrew } from '@outcry/venue/spine/crew';
import { GATEWAY_GATE } from '@outcry/venue/spine/shared';
import { generateBookFlow } from '@outcry/workload/book-flow';
import { advance, BENCH_LIMITS, type CommandBlock, type CommandLoop, rewind, setUpCommands, toCommands } from './engine-workload.ts';

const SEGMENT = 256 * 1024 * 1024;
const BATCH = 256;
const NAP_MS = 0.05;
/** Commands whose due times are remembered until they are answered: a power of two. */
const REMEMBERED = 1 << 17;
const WARM_UP_PASSES = 3;
/** commands a second that there are segments for */
const FASTEST = 6_000_000;

export interface PipelineResult {
  /** commands a second asked for; 0: as fast as it goes */
  rate: number;
  seconds: number;
  commands: number;
  perSecond: number;
  latencyNs: ReturnType<Histogram['summary']>;
  /** whether every command was durable and answered, with the trades that the workload must cause */
  correct: boolean;
  /** what the threads asked of the system, and what they got */
  placed: string[];
  /** the engine's pools at the end */
  pools: PoolStatistics[];
}

/** The pipeline's load: commands of the `move` mix, over and over. */
export function pipelineLoad(operations = 1_000_000): CommandLoop {
  return toCommands(generateBookFlow('move', 7, operations), 1000);
}

/**
 * Command ring, engine with accounts, journal with fdatasync, reply ring: each on its thread, fed and read by this one. Latency is
 * counted from the moment that a command was meant to be sent to the moment that its durable answer was read.
 */
export async function runPipeline(
  loop: CommandLoop,
  rate: number,
  seconds: number,
  folder: string,
  limits = BENCH_LIMITS,
): Promise<PipelineResult> {
  const bytes = ((rate === 0 ? FASTEST : rate) * seconds + WARM_UP_PASSES * loop.block.count) * command.BYTES * 1.1;
  prepareSegment(folder, Math.ceil(bytes / SEGMENT) * SEGMENT);
  const crew = await startCrew({
    limits,
    journal: { directory: folder, durability: 'fsync', segmentBytes: SEGMENT, partition: 0 },
    memory: { commandSlots: 1 << 16, eventSlots: 1 << 16, wait: 'park' },
    placement: { engine: { realTimePriority: 1 }, journal: { realTimePriority: 2 } },
  });
  const client = new PipelineClient(crew);
  rewind(loop);
  client.sendAll(setUpCommands(1000));
  client.warmUp(loop);
  const result = client.run(loop, rate, seconds);
  const pools = Object.entries(crew.pools).map(([name, span]) => slotPoolStatistics(name, span));
  await crew.stop();
  return {
    ...result,
    pools,
    placed: Object.entries(crew.placed).flatMap(([thread, done]) => done.map(({ detail }) => `${thread}: ${detail}`)),
  };
}

/**
 * Has a segment ready that takes all of a run. That of an earlier run is used again: to give gigabytes back to the disk would slow the
 * syncs of the next run.
 */
function prepareSegment(folder: string, bytes: number): void {
  const spare = path.join(folder, SPARE_NAME);
  const used = fs.readdirSync(folder).map((name) => path.join(folder, name));
  const large = used.find((file) => fs.statSync(file).size >= bytes);
  if (large !== undefined) fs.renameSync(large, spare);
  for (const file of used) if (file !== large) fs.rmSync(file);
  if (large === undefined) fs.closeSync(allocateSegment(spare, bytes));
  spawnSync('sync');
}

/** Sends commands at a rate, and reads what became of them. */
export class PipelineClient {
  readonly #crew: Crew;
  readonly #ring: Ring;
  readonly #events: Ring;
  #read: number;
  #answered = 0;
  #sent = 0;
  #fills = 0;
  readonly #due = new Float64Array(REMEMBERED);
  #histogram = new Histogram();
  #recording = false;

  constructor(crew: Crew) {
    this.#crew = crew;
    this.#ring = crew.shared.commands;
    this.#events = crew.shared.events;
    this.#read = this.#events.gate(GATEWAY_GATE);
  }

  sendAll(block: CommandBlock): void {
    let next = 0;
    while (next < block.count) {
      next += this.#send(block, next, Math.min(BATCH, block.count - next), performance.now());
      this.#readAnswers();
    }
    this.#drain();
  }

  /** One whole pass, so that every thread's code is compiled. */
  warmUp(loop: CommandLoop): void {
    for (let pass = 0; pass < WARM_UP_PASSES; pass++) {
      this.sendAll(loop.block);
      advance(loop);
    }
  }

  /** @param onSecond called about once a second, with the seconds gone */
  run(
    loop: CommandLoop,
    rate: number,
    seconds: number,
    onSecond: (elapsed: number) => void = () => {},
  ): Omit<PipelineResult, 'placed' | 'pools'> {
    const { block } = loop;
    this.#histogram = new Histogram();
    this.#recording = true;
    this.#fills = 0;
    const sentBefore = this.#sent;
    const started = performance.now();
    const end = started + seconds * 1000;
    let next = 0;
    let passes = 0;
    let now = started;
    let nextSecond = started + 1000;
    while (now < end) {
      const sent = this.#sent - sentBefore;
      const due = rate === 0 ? BATCH : Math.floor(((now - started) / 1000) * rate) - sent;
      const count = Math.min(due, BATCH, block.count - next);
      if (count > 0) {
        const taken = rate === 0 ? this.#send(block, next, count, now) : this.#sendDue(block, next, count, started, sent, rate);
        advance(loop, next, next + taken);
        next += taken;
        if (next === block.count) {
          next = 0;
          passes++;
        }
      }
      const idle = !this.#readAnswers() && count <= 0;
      if (idle && rate > 0) this.#rest();
      now = performance.now();
      if (now < nextSecond) continue;
      nextSecond += 1000;
      onSecond((now - started) / 1000);
    }
    this.#drain();
    const elapsed = (performance.now() - started) / 1000;
    const commands = this.#sent - sentBefore;
    const fillsPerPass = loop.events[EVENT.FILL];
    const correct = this.#answered === this.#sent && this.#fills >= passes * fillsPerPass && this.#fills <= (passes + 1) * fillsPerPass;
    return { rate, seconds, commands, perSecond: commands / elapsed, latencyNs: this.#histogram.summary(), correct };
  }

  #sendDue(block: CommandBlock, from: number, count: number, started: number, sent: number, rate: number): number {
    const first = this.#ring.claim(count);
    if (first < 0) return 0;
    for (let i = 0; i < count; i++) this.#due[(first + i) & (REMEMBERED - 1)] = started + ((sent + i) * 1000) / rate;
    return this.#copy(block, from, count, first);
  }

  #send(block: CommandBlock, from: number, count: number, now: number): number {
    const first = this.#ring.claim(count);
    if (first < 0) return 0;
    for (let i = 0; i < count; i++) this.#due[(first + i) & (REMEMBERED - 1)] = now;
    return this.#copy(block, from, count, first);
  }

  #copy(block: CommandBlock, from: number, count: number, first: number): number {
    const to = this.#ring.wordOf(first);
    const untilWrap = Math.min(count, this.#ring.capacity - to / command.WORDS);
    this.#ring.i32.set(block.i32.subarray(from * command.WORDS, (from + untilWrap) * command.WORDS), to);
    if (count > untilWrap) this.#ring.i32.set(block.i32.subarray((from + untilWrap) * command.WORDS, (from + count) * command.WORDS), 0);
    this.#ring.publish(first, count);
    this.#crew.shared.engineBell.ring();
    this.#crew.shared.journalBell.ring();
    this.#sent = first + count;
    return count;
  }

  /** Sleeps until there is something to read, or for a moment: a client that spins would take a core from those it measures. */
  #rest(): void {
    const bell = this.#crew.shared.gatewayBell;
    bell.prepare();
    if (this.#readAnswers()) bell.cancel();
    else bell.wait(NAP_MS);
  }

  /** Reads every event whose command is durable. Returns whether there was one. */
  #readAnswers(): boolean {
    const events = this.#events;
    const durable = this.#crew.shared.durable.read();
    const end = events.published();
    let position = this.#read;
    let answered = this.#answered;
    const now = performance.now();
    while (position < end) {
      const at = events.wordOf(position);
      const sequence = events.f64[(at >> 1) + event.F64_SEQUENCE];
      if (sequence > durable) break;
      if (sequence > answered) {
        answered = sequence;
        if (this.#recording) this.#histogram.record((now - this.#due[(sequence - 1) & (REMEMBERED - 1)]) * 1e6);
      }
      if (kindOf(events.i32, at) === EVENT.FILL) this.#fills++;
      position++;
    }
    if (position === this.#read) return false;
    this.#read = position;
    this.#answered = answered;
    events.release(GATEWAY_GATE, position);
    return true;
  }

  #drain(): void {
    while (this.#answered < this.#sent) this.#readAnswers();
  }
}
