import fs from 'node:fs';
import path from 'node:path';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf } from '@outcry/engine/image';
import { stateHash } from '@outcry/engine/state-hash';
import { JournalDamage } from '@outcry/journal/format';
import { JournalReader, listSegments } from '@outcry/journal/journal-reader';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { listSnapshots, writeSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { recover } from '@outcry/venue/threads/recovery';
import { CommandStream } from './command-stream.ts';
import { misdirect, rot, SimulatedDisk } from './disk.ts';
import { Random } from './random.ts';
import { SIMULATED_LIMITS } from './replicas.ts';

export interface SimulationReport {
  seed: number;
  commands: number;
  acknowledged: number;
  crashes: number;
  snapshots: number;
  /** starts that were refused because of damage that was done to the journal, as they must be */
  refusals: number;
  stateHash: string;
}

/** A guarantee was broken: the message says which, and the seed brings it back. */
export class BrokenGuarantee extends Error {}

const SEGMENT_BYTES = 64 * 1024;
const RING = 512;
const KEPT_SNAPSHOTS = 2;

/**
 * One life of a venue, several crashes long: the venue's own engine, journal, snapshots and recovery, turned by turn in an order that the
 * seed decides, on a disk that forgets. After each crash: every acknowledged command is there, none twice, what is there is what was
 * sent, assets are conserved, and the state is the one that the commands alone give.
 */
export class Simulation {
  readonly seed: number;
  readonly #random: Random;
  readonly #directory: string;
  readonly #stream: CommandStream;
  readonly #disk: SimulatedDisk;
  /** every command that was given a sequence number, from 1 on: what the venue must be a part of */
  #sent: Uint8Array[] = [];
  #engine!: Engine;
  #events!: LocalEvents;
  #writer!: JournalWriter;
  #follower!: Engine;
  #followerEvents!: LocalEvents;
  #reader!: JournalReader;
  #journaled = 0;
  #acknowledged = 0;
  readonly #report: SimulationReport;

  constructor(seed: number, directory: string) {
    this.seed = seed;
    this.#random = new Random(seed);
    this.#directory = directory;
    this.#stream = new CommandStream(new Random(seed ^ 0x5bd1e995));
    this.#disk = new SimulatedDisk(this.#random, { full: 0.002, failedSync: 0.0005 });
    this.#report = { seed, commands: 0, acknowledged: 0, crashes: 0, snapshots: 0, refusals: 0, stateHash: '' };
  }

  /** Runs turns, then crashes once more and checks for the last time. */
  run(turns: number): SimulationReport {
    this.#start();
    for (let turn = 0; turn < turns; turn++) {
      if (this.#random.chance(0.004)) this.#crash();
      else this.#turn();
    }
    this.#crash();
    this.#report.commands = this.#sent.length;
    this.#report.acknowledged = this.#acknowledged;
    while (this.#engine.sequence < this.#sent.length) applyRecord(this.#engine, this.#sent[this.#engine.sequence]);
    this.#report.stateHash = stateHash(this.#engine);
    this.#stop();
    return this.#report;
  }

  /** One thread of the venue gets its turn. */
  #turn(): void {
    const what = this.#random.below(10);
    if (what < 3) this.#clients();
    else if (what < 6) this.#runEngine();
    else if (what < 8) this.#runJournal();
    else this.#follow();
  }

  #clients(): void {
    for (let n = this.#random.below(20); n > 0 && this.#sent.length - this.#journaled < RING; n--) {
      this.#stream.next();
      const bytes = new Uint8Array(this.#stream.i32.buffer, 0, this.#stream.count * command.BYTES);
      for (let i = 0; i < this.#stream.count; i++) this.#sent.push(bytes.slice(i * command.BYTES, (i + 1) * command.BYTES));
    }
  }

  #runEngine(): void {
    const until = Math.min(this.#sent.length, this.#engine.sequence + this.#random.below(30));
    while (this.#engine.sequence < until) {
      applyRecord(this.#engine, this.#sent[this.#engine.sequence]);
      for (let e = 0; e < this.#events.count; e++) this.#stream.learn(this.#events.i32, e * event.WORDS);
      this.#events.clear();
    }
    this.#acknowledge();
  }

  #runJournal(): void {
    try {
      const room = this.#writer.batchRoom();
      const count = Math.min(room, this.#random.below(40), this.#sent.length - this.#journaled);
      if (count > 0) {
        this.#writer.append(Buffer.concat(this.#sent.slice(this.#journaled, this.#journaled + count)), undefined);
        this.#journaled += count;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      this.#crash(); // a full disk in the middle of a batch, or a failed sync: the venue stops acknowledging, and is started again
    }
    this.#acknowledge();
  }

  /** An answer leaves when the engine has it and the journal too. */
  #acknowledge(): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(this.#engine.sequence, this.#journaled));
  }

  #follow(): void {
    const batch = this.#reader.read(this.#journaled);
    if (batch !== undefined) {
      for (let i = 0; i < batch.count; i++) this.#follower.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
      this.#followerEvents.clear();
    }
    if (this.#random.chance(0.02) && !this.#follower.midCommand && this.#follower.sequence > 0) {
      writeSnapshot(this.#directory, this.#follower.sequence, imageOf(this.#follower));
      this.#report.snapshots++;
      for (const old of listSnapshots(this.#directory).slice(KEPT_SNAPSHOTS)) fs.rmSync(old.path);
    }
  }

  // ── Crashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #crash(): void {
    this.#report.crashes++;
    this.#stop();
    this.#disk.crash();
    if (this.#random.chance(0.25)) this.#damage();
    this.#start();
  }

  /** Spoils what is durable: a start must be refused, or the damage must not matter. Then the file is put back. */
  #damage(): void {
    const files = [...listSegments(this.#directory), ...listSnapshots(this.#directory)].map((file) => file.path);
    const file = this.#random.pick(files);
    if (file === undefined) return;
    const before = fs.readFileSync(file);
    if (this.#random.chance(0.6)) rot(file, this.#random);
    else misdirect(file, this.#random);
    try {
      const engine = freshEngine();
      // Damage to the last batch cannot be told from a torn write: that batch is cut, and recovery says so.
      const { tornBytes } = recover(engine, this.#directory);
      this.#check(engine, 'after a file was spoiled', tornBytes > 0 ? 0 : this.#acknowledged);
    } catch (error) {
      if (!(error instanceof JournalDamage) || !fs.existsSync(file)) throw error;
      this.#report.refusals++;
    }
    fs.writeFileSync(file, before);
  }

  #start(): void {
    this.#events = new LocalEvents(1024);
    this.#engine = new Engine(this.#events, SIMULATED_LIMITS);
    const { sequence, tail } = recover(this.#engine, this.#directory);
    this.#events.clear();
    this.#check(this.#engine, 'after a crash', this.#acknowledged);
    // What was not acknowledged may be gone; then nobody was told of it.
    this.#sent.length = sequence;
    this.#journaled = sequence;
    const options = { directory: this.#directory, durability: 'fsync' as const, segmentBytes: SEGMENT_BYTES, partition: 0 };
    this.#writer = new JournalWriter(options, sequence + 1, tail, this.#disk);
    this.#followerEvents = new LocalEvents(1024);
    this.#follower = freshEngine(this.#followerEvents);
    this.#reader = new JournalReader(this.#directory, 1);
    this.#stream.abandon();
    // As the venue does: its first command ends what a crash left half said.
    this.#sent.push(clockRecord(this.#stream.time));
  }

  #stop(): void {
    this.#writer.close();
    this.#reader.close();
  }

  /** @param least the last command that must be there */
  #check(engine: Engine, when: string, least: number): void {
    const fail = (what: string) => {
      throw new BrokenGuarantee(`seed ${this.seed}, crash ${this.#report.crashes}, ${when}: ${what}`);
    };
    const { sequence } = engine;
    if (sequence < least) fail(`command ${least} was acknowledged, the venue has ${sequence}`);
    if (sequence > this.#sent.length) fail(`the venue has ${sequence} commands, only ${this.#sent.length} were sent`);
    const expected = freshEngine();
    for (const record of this.#sent.slice(0, sequence)) applyRecord(expected, record);
    if (expected.hash.join() !== engine.hash.join()) fail(`it tells another story than the first ${sequence} commands do`);
    if (!engine.midCommand && stateHash(expected) !== stateHash(engine)) fail(`its state is not that of the first ${sequence} commands`);
    for (let asset = 0; asset < SIMULATED_LIMITS.assets; asset++)
      if (engine.ledger.discrepancy(asset) !== 0) fail(`asset ${asset} is not conserved`);
  }
}

function freshEngine(events = new LocalEvents(1024)): Engine {
  return new Engine(events, SIMULATED_LIMITS);
}

const buffer = new ArrayBuffer(command.BYTES);
const bytes = new Uint8Array(buffer);
const i32 = new Int32Array(buffer);
const f64 = new Float64Array(buffer);

function clockRecord(time: number): Uint8Array {
  bytes.fill(0);
  i32[command.HEAD] = commandHead(COMMAND.CLOCK);
  f64[command.F64_TIME] = time;
  return bytes.slice();
}

function applyRecord(engine: Engine, record: Uint8Array): void {
  bytes.set(record);
  engine.apply(i32, f64, 0);
}

/** Runs one seed in a directory of its own, which is removed when all went well. Throws BrokenGuarantee. */
export function simulate(seed: number, turns: number, parent: string): SimulationReport {
  const directory = fs.mkdtempSync(path.join(parent, `outcry-sim-${seed}-`));
  const report = new Simulation(seed, directory).run(turns);
  fs.rmSync(directory, { recursive: true, force: true });
  return report;
}
