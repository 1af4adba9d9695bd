/** One simulated venue: threads under a seeded scheduler, and a disk that fails. */
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { instrument } from '@outcry/engine/instruments';
import { broken } from '@outcry/engine/limits';
import { stateHash } from '@outcry/engine/state-hash';
import { replaceFile } from '@outcry/journal/durable-file';
import { NOTE_FILE } from '@outcry/journal/durable-note';
import { JournalDamage, JournalMismatch } from '@outcry/journal/format';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { listSegments } from '@outcry/journal/segments';
import { listSnapshots } from '@outcry/journal/snapshot';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import { Follower } from '@outcry/replica/follower';
import { type Recovery, recover } from '@outcry/replica/recovery';
import { CommandStream } from '@outcry/workload/command-stream';
import { Random } from '@outcry/workload/random';
import { misdirect, rot, SimulatedDisk } from './disk.ts';
import { SIMULATED_LIMITS } from './replicas.ts';
import { EventStore, type MakeStore, type SimulatedStore } from './simulated-store.ts';

interface SimulationReport {
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
class BrokenGuarantee extends Error {}

const SEGMENT_BYTES = 64 * 1024;
const RING = 512;
const KEPT_SNAPSHOTS = 2;
/** Starts that may fail in a row, for what the disk does to them. */
const MOST_STARTS = 100;
/** Limits that an operator changes between two starts. */
const MOST_ORDERS = [SIMULATED_LIMITS.orders, 300, 60];

/**
 * One life of a venue, several crashes long: the venue's own engine, journal, snapshots, store and recovery, turned in an order that the
 * seed decides, on a disk that forgets. After each crash: every acknowledged command is there, none twice, what is there is what was
 * sent, assets are conserved, the state is the one that the commands alone give, the store holds their rows, and small files hold what they
 * held last.
 */
class Simulation {
  readonly seed: number;
  readonly #random: Random;
  readonly #root: string;
  readonly #directory: string;
  readonly #makeStore: MakeStore;
  readonly #store: SimulatedStore;
  readonly #stream: CommandStream;
  readonly #disk: SimulatedDisk;
  /** every command that was given a sequence number, from 1 on: what the venue must be a part of */
  #sent: Uint8Array[] = [];
  #limits = SIMULATED_LIMITS;
  #engine!: Engine;
  #events!: LocalEvents;
  #writer: JournalWriter | undefined;
  #follower: Follower | undefined;
  #journaled = 0;
  #acknowledged = 0;
  /** what a small file may hold after a crash: what it held, and what was being written */
  #small = ['0'];
  readonly #report: SimulationReport;

  constructor(seed: number, root: string, makeStore: MakeStore = () => new EventStore()) {
    this.seed = seed;
    this.#random = new Random(seed);
    this.#root = root;
    this.#directory = path.join(root, 'journal');
    this.#makeStore = makeStore;
    this.#store = makeStore(root);
    fs.mkdirSync(this.#directory);
    this.#stream = new CommandStream(new Random(seed ^ 0x5bd1e995));
    this.#disk = new SimulatedDisk(this.#random, { full: 0.002, failedSync: 0.0005, powerCut: 0.002 });
    this.#report = { seed, commands: 0, acknowledged: 0, crashes: 0, snapshots: 0, refusals: 0, stateHash: '' };
    fs.writeFileSync(this.#smallFile, '0');
  }

  /** Runs turns, then crashes once more and checks for the last time. */
  async run(turns: number): Promise<SimulationReport> {
    await this.#start();
    for (let turn = 0; turn < turns; turn++) {
      try {
        if (this.#random.chance(0.004)) await this.#crash();
        else await this.#turn();
      } catch (error) {
        if (codeOf(error) !== 'POWER') throw error;
        await this.#crash();
      }
    }
    await this.#crash();
    this.#report.commands = this.#sent.length;
    this.#report.acknowledged = this.#acknowledged;
    while (this.#engine.sequence < this.#sent.length) applyRecord(this.#engine, this.#sent[this.#engine.sequence]);
    this.#report.stateHash = stateHash(this.#engine);
    await this.#checkStore();
    this.#writer?.close();
    await this.#follower?.close();
    return this.#report;
  }

  /** One thread of the venue gets its turn. */
  async #turn(): Promise<void> {
    const what = this.#random.below(20);
    if (what < 6) this.#clients();
    else if (what < 12) this.#runEngine();
    else if (what < 16) await this.#runJournal();
    else if (what < 19) await this.#follow();
    else this.#replaceSmallFile();
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

  async #runJournal(): Promise<void> {
    const writer = this.#writer!;
    try {
      const room = writer.batchRoom();
      const count = Math.min(room, this.#random.below(40), this.#sent.length - this.#journaled);
      if (count > 0) {
        writer.append(Buffer.concat(this.#sent.slice(this.#journaled, this.#journaled + count)), undefined);
        this.#journaled += count;
      }
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') return; // a full disk: tried again, later
      if (codeOf(error) === 'EIO')
        await this.#crash(); // a failed sync: the venue stops acknowledging, and is started again
      else throw error;
    }
    this.#acknowledge();
  }

  /** An answer leaves when the engine has it and the journal too. */
  #acknowledge(): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(this.#engine.sequence, this.#journaled));
  }

  async #follow(): Promise<void> {
    const follower = this.#follower!;
    const batch = follower.read(this.#journaled);
    if (batch !== undefined) await follower.apply(batch);
    if (this.#random.chance(0.1)) await follower.flush();
    if (!this.#random.chance(0.02)) return;
    try {
      if (await follower.snapshot()) this.#report.snapshots++;
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EIO') throw error;
    }
  }

  get #smallFile(): string {
    return path.join(this.#root, 'small.json');
  }

  #replaceSmallFile(): void {
    const next = String(Number(this.#small[0]) + 1).repeat(this.#random.between(1, 300));
    this.#small = [this.#small[0], next];
    try {
      replaceFile(this.#smallFile, next, 0o600, this.#disk);
      this.#small = [next];
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') this.#checkSmallFile([this.#small[0]], 'after a disk without room');
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EIO') throw error;
    }
  }

  #checkSmallFile(allowed: readonly string[], when: string): void {
    const content = fs.readFileSync(this.#smallFile, 'utf8');
    if (!allowed.includes(content)) this.#fail(when, `a small file holds ${content.length} other bytes than were last written`);
    this.#small = [content];
  }

  // ── Crashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #crash(): Promise<void> {
    this.#report.crashes++;
    await this.#lose();
    if (this.#random.chance(0.25)) await this.#damage();
    await this.#start();
  }

  /** The power goes. */
  async #lose(): Promise<void> {
    this.#writer?.close();
    const follower = this.#follower;
    if (follower !== undefined) await this.#store.crash(this.#random, () => follower.close());
    this.#writer = this.#follower = undefined;
    this.#disk.crash();
    this.#checkSmallFile(this.#small, 'after a crash');
  }

  /** Spoils what is durable, in a copy: a start on it must be refused, or the damage must not matter. */
  async #damage(): Promise<void> {
    const copy = path.join(this.#root, 'copy');
    fs.cpSync(this.#directory, copy, { recursive: true });
    const files = [...listSegments(copy), ...listSnapshots(copy)].map((file) => file.path);
    if (fs.existsSync(path.join(copy, NOTE_FILE))) files.push(path.join(copy, NOTE_FILE));
    const file = this.#random.pick(files);
    if (file !== undefined) {
      const isRot = this.#random.chance(0.6) || fs.statSync(file).size === 0;
      if (isRot) rot(file, this.#random);
      else misdirect(file, this.#random);
      try {
        const { engine, recovery } = await this.#recover(copy);
        // Zeros of the rest of a segment over its last batch look as if that was never written: what is beside the journal tells, or nothing.
        this.#check(engine, `after ${path.basename(file)} was spoiled`, isRot || recovery.cut === undefined ? this.#acknowledged : 0);
      } catch (error) {
        if (!(error instanceof JournalDamage || error instanceof JournalMismatch)) throw error;
        this.#report.refusals++;
      }
    }
    fs.rmSync(copy, { recursive: true });
  }

  async #recover(directory: string, disk?: SimulatedDisk): Promise<{ engine: Engine; recovery: Recovery }> {
    this.#events = new LocalEvents(1024);
    return recover({
      directory,
      limits: this.#limits,
      makeEngine: (room) => new Engine(this.#events, room),
      stored: await this.#store.stored(),
      disk,
    });
  }

  /** Starts the venue, as often as it takes: the power can go, and the disk fail, in the middle of a start too. */
  async #start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#begin();
        return;
      } catch (error) {
        if (codeOf(error) === undefined || codeOf(error)!.startsWith('journal_') || attempt === MOST_STARTS) throw error;
        this.#report.crashes++;
        await this.#lose();
      }
    }
  }

  async #begin(): Promise<void> {
    this.#limits = { ...SIMULATED_LIMITS, orders: this.#random.pick(MOST_ORDERS) };
    const { engine, recovery } = await this.#recover(this.#directory, this.#disk);
    this.#engine = engine;
    this.#events.clear();
    const { sequence, tail, journal } = recovery;
    this.#check(engine, 'after a crash', this.#acknowledged);
    const options = { directory: this.#directory, durability: 'fsync' as const, segmentBytes: SEGMENT_BYTES, partition: 0 };
    this.#writer = new JournalWriter({ ...options, journal, version: REPLAY_VERSION }, sequence + 1, tail, this.#disk);
    this.#follower = await this.#newFollower(recovery);
    // What was not acknowledged may be gone; then nobody was told of it.
    this.#sent.length = sequence;
    this.#journaled = sequence;
    this.#stream.abandon();
    this.#sent.push(this.#opening(recovery));
  }

  #newFollower({ journal, room, unusable, sequence }: Recovery): Promise<Follower> {
    const options = { directory: this.#directory, journal, room, unusable, keepSnapshots: KEPT_SNAPSHOTS, disk: this.#disk };
    const openStore = (unitOf: (instrument: number) => number) => this.#store.open(journal, room.orders, unitOf);
    return Follower.open({ ...options, openStore }, sequence);
  }

  /** As the venue does: its first command sets the limits, or ends what a crash left half said. */
  #opening({ limits, inUse }: Recovery): Uint8Array {
    if (limits !== undefined && broken(this.#limits, inUse) !== undefined) this.#limits = limits; // what the venue asks its operator to do
    const isSame = limits !== undefined && isDeepStrictEqual(limits, this.#limits);
    return isSame ? recordOf(COMMAND.CLOCK, this.#stream.time) : recordOf(COMMAND.SET_LIMITS, this.#stream.time, this.#limits);
  }

  /** @param least the last command that must be there */
  #check(engine: Engine, when: string, least: number): void {
    const { sequence } = engine;
    if (sequence < least) this.#fail(when, `command ${least} was acknowledged, the venue has ${sequence}`);
    if (sequence > this.#sent.length) this.#fail(when, `the venue has ${sequence} commands, only ${this.#sent.length} were sent`);
    const expected = new Engine(new LocalEvents(1024), SIMULATED_LIMITS);
    for (const record of this.#sent.slice(0, sequence)) applyRecord(expected, record);
    if (expected.hash.join() !== engine.hash.join()) this.#fail(when, `it tells another story than the first ${sequence} commands do`);
    if (sequence > 0 && !engine.midCommand && stateHash(expected) !== stateHash(engine))
      this.#fail(when, `its state is not that of the first ${sequence} commands`);
    for (let asset = 0; asset < SIMULATED_LIMITS.assets; asset++)
      if (engine.ledger.discrepancy(asset) !== 0) this.#fail(when, `asset ${asset} is not conserved`);
  }

  /** Lets the follower come to the end: then its store holds what one built of all commands at once does. */
  async #checkStore(): Promise<void> {
    const follower = this.#follower!;
    for (let batch = follower.read(this.#journaled); batch !== undefined; batch = follower.read(this.#journaled))
      await follower.apply(batch);
    await follower.flush();
    const expected = await this.#rowsOf(this.#sent.slice(0, follower.sequence));
    if (!isDeepStrictEqual(this.#store.rows(), expected)) this.#fail('at the end', 'the store does not hold the rows of the commands');
  }

  /** The rows of a store that is built of some commands at once. */
  async #rowsOf(commands: readonly Uint8Array[]): Promise<unknown> {
    const directory = fs.mkdtempSync(path.join(this.#root, 'rows-'));
    const built = this.#makeStore(directory);
    const events = new LocalEvents(1024);
    const engine = new Engine(events, SIMULATED_LIMITS);
    const unitOf = (number: number) => engine.instruments.f64[number * instrument.F64_WORDS + instrument.F64_UNIT];
    const store = await built.open(1, SIMULATED_LIMITS.orders, unitOf);
    for (const record of commands) {
      applyRecord(engine, record);
      for (let e = 0; e < events.count; e++) store.add(events.i32, events.f64, e * event.WORDS);
      events.clear();
    }
    await store.flush(engine.sequence, engine.hash);
    await store.close();
    const rows = built.rows();
    fs.rmSync(directory, { recursive: true });
    return rows;
  }

  #fail(when: string, what: string): never {
    throw new BrokenGuarantee(`seed ${this.seed}, crash ${this.#report.crashes}, ${when}: ${what}`);
  }
}

/** Of an error of the disk, also where a failed sync hides it. */
function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return code ?? cause?.code;
}

const buffer = new ArrayBuffer(command.BYTES);
const bytes = new Uint8Array(buffer);
const i32 = new Int32Array(buffer);
const f64 = new Float64Array(buffer);

function recordOf(kind: number, time: number, limits?: EngineLimits): Uint8Array {
  bytes.fill(0);
  i32[command.HEAD] = commandHead(kind);
  f64[command.F64_TIME] = time;
  if (limits !== undefined) {
    i32[command.MOST_ORDERS] = limits.orders;
    i32[command.MOST_ACCOUNTS] = limits.accounts;
    i32[command.MOST_ASSETS] = limits.assets;
    i32[command.MOST_INSTRUMENTS] = limits.instruments;
  }
  return bytes.slice();
}

function applyRecord(engine: Engine, record: Uint8Array): void {
  bytes.set(record);
  engine.apply(i32, f64, 0);
}

/**
 * Runs one seed in a directory of its own, which is removed when all went well. Rejects with BrokenGuarantee.
 * @param makeStore another store than the one in memory
 */
export async function simulate(seed: number, turns: number, parent: string, makeStore?: MakeStore): Promise<SimulationReport> {
  const directory = fs.mkdtempSync(path.join(parent, `outcry-sim-${seed}-`));
  const report = await new Simulation(seed, directory, makeStore).run(turns);
  fs.rmSync(directory, { recursive: true, force: true });
  return report;
}
