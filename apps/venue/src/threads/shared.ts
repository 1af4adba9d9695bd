import { command } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { Bell } from '@outcry/memory/bell';
import { createRing, type RingMemory } from '@outcry/memory/many-to-many-ring';
import { reserve } from '@outcry/memory/reserve';
import { Sequence, sequenceBytes } from '@outcry/memory/sequence';

/** Consumers of the command ring. */
export const ENGINE_GATE = 0;
export const JOURNAL_GATE = 1;

const SEQUENCES = { EVENTS_PUBLISHED: 0, EVENTS_READ: 1, DURABLE: 2, FOLLOWED: 3, STORED: 4 } as const;
const BELLS = { ENGINE: 0, JOURNAL: 1, GATEWAY: 2, FOLLOWER: 3 } as const;

/** What the journal thread says of itself. */
export const JOURNAL_OK = 0;
/** The disk has no room for another segment: nothing more is accepted until there is. */
export const JOURNAL_FULL = 1;
/** A write or an fsync failed: what reached the disk is unknown, nothing more is acknowledged. */
export const JOURNAL_FAILED = 2;

const STATUS = { JOURNAL: 0, STOP: 1, DIVERGED: 2, STORE_FAILING: 3 } as const;

/** Every so many commands the engine notes its hash for the follower to compare. */
export const CHECKPOINT_EVERY = 1024;
const CHECKPOINTS = 256;

/** All memory that the venue's threads share: plain data, passed to each once. */
export interface VenueMemory {
  readonly commands: RingMemory;
  readonly events: SharedArrayBuffer;
  readonly sequences: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly checkpoints: SharedArrayBuffer;
  /** number of commands recovered: the position that everything starts from */
  readonly start: number;
  /** turns of busy waiting before a thread goes to sleep */
  readonly spins: number;
}

export interface VenueMemoryOptions {
  commandSlots: number;
  eventSlots: number;
  spins: number;
}

export function createVenueMemory(start: number, options: VenueMemoryOptions): VenueMemory {
  const sequences = new SharedArrayBuffer(sequenceBytes(Object.keys(SEQUENCES).length));
  for (const number of [SEQUENCES.DURABLE, SEQUENCES.FOLLOWED, SEQUENCES.STORED]) new Sequence(sequences, number).publish(start);
  return {
    commands: createRing(options.commandSlots, command.WORDS, 2, start),
    events: reserve(options.eventSlots * event.BYTES),
    sequences,
    bells: new SharedArrayBuffer(sequenceBytes(Object.keys(BELLS).length)),
    status: new SharedArrayBuffer(64),
    checkpoints: new SharedArrayBuffer(CHECKPOINTS * 16),
    start,
    spins: options.spins,
  };
}

/** One thread's handles on the shared memory. */
export class Shared {
  readonly memory: VenueMemory;
  /** events written by the engine, and read by the gateway */
  readonly eventsPublished: Sequence;
  readonly eventsRead: Sequence;
  /** number of the last command that is as durable as configured, applied by the follower, and in the store */
  readonly durable: Sequence;
  readonly followed: Sequence;
  readonly stored: Sequence;
  readonly engineBell: Bell;
  readonly journalBell: Bell;
  readonly gatewayBell: Bell;
  readonly followerBell: Bell;
  readonly #status: Int32Array;
  readonly #checkpointNumbers: Float64Array;
  readonly #checkpointHashes: Int32Array;

  constructor(memory: VenueMemory) {
    this.memory = memory;
    const sequence = (number: number, start: number) => {
      const attached = new Sequence(memory.sequences, number);
      attached.startFrom(start);
      return attached;
    };
    this.eventsPublished = sequence(SEQUENCES.EVENTS_PUBLISHED, 0);
    this.eventsRead = sequence(SEQUENCES.EVENTS_READ, 0);
    this.durable = sequence(SEQUENCES.DURABLE, memory.start);
    this.followed = sequence(SEQUENCES.FOLLOWED, memory.start);
    this.stored = sequence(SEQUENCES.STORED, memory.start);
    this.engineBell = new Bell(memory.bells, BELLS.ENGINE);
    this.journalBell = new Bell(memory.bells, BELLS.JOURNAL);
    this.gatewayBell = new Bell(memory.bells, BELLS.GATEWAY);
    this.followerBell = new Bell(memory.bells, BELLS.FOLLOWER);
    this.#status = new Int32Array(memory.status);
    this.#checkpointNumbers = new Float64Array(memory.checkpoints);
    this.#checkpointHashes = new Int32Array(memory.checkpoints);
  }

  get journalState(): number {
    return Atomics.load(this.#status, STATUS.JOURNAL);
  }
  set journalState(state: number) {
    Atomics.store(this.#status, STATUS.JOURNAL, state);
  }

  get stopping(): boolean {
    return Atomics.load(this.#status, STATUS.STOP) !== 0;
  }
  /** Tells every thread to finish what is in the ring and end. */
  stop(): void {
    Atomics.store(this.#status, STATUS.STOP, 1);
    for (const bell of [this.engineBell, this.journalBell, this.gatewayBell, this.followerBell]) bell.ring();
  }

  /** Whether the follower's state hash differed from the engine's. */
  get diverged(): boolean {
    return Atomics.load(this.#status, STATUS.DIVERGED) !== 0;
  }
  noteDivergence(): void {
    Atomics.store(this.#status, STATUS.DIVERGED, 1);
  }

  get storeFailing(): boolean {
    return Atomics.load(this.#status, STATUS.STORE_FAILING) !== 0;
  }
  set storeFailing(failing: boolean) {
    Atomics.store(this.#status, STATUS.STORE_FAILING, failing ? 1 : 0);
  }

  writeCheckpoint(sequence: number, hash: readonly [number, number]): void {
    const at = (sequence / CHECKPOINT_EVERY) % CHECKPOINTS;
    this.#checkpointNumbers[at * 2] = -1;
    Atomics.store(this.#checkpointHashes, at * 4 + 2, hash[0]);
    Atomics.store(this.#checkpointHashes, at * 4 + 3, hash[1]);
    this.#checkpointNumbers[at * 2] = sequence;
  }

  /** The engine's hash after a command, or undefined when it is not (or no longer) known. */
  readCheckpoint(sequence: number): [number, number] | undefined {
    const at = (sequence / CHECKPOINT_EVERY) % CHECKPOINTS;
    if (this.#checkpointNumbers[at * 2] !== sequence) return undefined;
    const hash: [number, number] = [Atomics.load(this.#checkpointHashes, at * 4 + 2), Atomics.load(this.#checkpointHashes, at * 4 + 3)];
    return this.#checkpointNumbers[at * 2] === sequence ? hash : undefined;
  }
}
