/** The venue's shared memory: its layout, and one thread's handles on it. */
import { command } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { Arena, type ArenaHandle } from '@outcry/memory/arena';
import { Bell } from '@outcry/memory/bell';
import { createRing, Ring, type RingOptions, ringBytes } from '@outcry/memory/ring';
import { Sequence, sequenceBytes } from '@outcry/memory/sequence';
import { createSharedMap, SharedMap, sharedMapBytes } from '@outcry/memory/shared-map';
import { CACHE_LINE, i32Of, type Span } from '@outcry/memory/span';
import type { WaitStrategy } from '@outcry/memory/waiter';
import { CHECKPOINT_EVERY } from '@outcry/replica/checkpoint';
import { CLOCK_WORDS, startClock, VenueClock } from './venue-clock.ts';

/** Consumers of the command ring, and of the event ring. */
export const ENGINE_GATE = 0;
export const JOURNAL_GATE = 1;
export const GATEWAY_GATE = 0;
/** of the wire thread, in a venue that has one */
export const WIRE_GATE = 1;
/** Whose the gates of the event ring are. */
export const EVENT_READERS = ['gateway', 'wire'] as const;

const SEQUENCES = { DURABLE: 0, FOLLOWED: 1, STORED: 2, BEGUN: 3 } as const;
const BELLS = { ENGINE: 0, JOURNAL: 1, GATEWAY: 2, FOLLOWER: 3, WIRE: 4 } as const;
const SEQUENCE_BYTES = sequenceBytes(Object.keys(SEQUENCES).length);
const HELD_UP_BYTES = sequenceBytes(EVENT_READERS.length);
const BELL_BYTES = sequenceBytes(Object.keys(BELLS).length);

/** What the journal thread says of itself. */
export const JOURNAL_OK = 0;
/** The disk has no room for another segment: nothing more is accepted until there is. */
export const JOURNAL_FULL = 1;
/** A write or an fsync failed: what reached the disk is unknown, nothing more is acknowledged. */
export const JOURNAL_FAILED = 2;

const CONTROL_WORD = { JOURNAL: 0, STOP: 1, DIVERGED: 2, FOLLOWER_HELD_UP: 3, SHORT_OF_MEMORY: 4, WORK_LEFT: 5, CLOCK: 8 } as const;

const CHECKPOINTS = 256;
const CHECKPOINT = { F64_SEQUENCE: 0, HASH: 2, WORDS: 4 } as const;
const checkpoints = { capacity: CHECKPOINTS, valueWords: CHECKPOINT.WORDS };

/** The engine's pools, as its thread hands them over to be looked at. */
export interface EnginePools {
  readonly orders: Span;
  readonly farLevels: Span;
  readonly specials: Span;
  readonly lists: Span;
  readonly texts: Span;
  /** open orders by account: see openOrdersOf */
  readonly owners: Span;
  readonly rules: EngineRules;
}

/** Where the engine has its rules: see RulesInForce. */
export interface EngineRules {
  readonly instruments: Span;
  readonly instrumentRules: Span;
  readonly accounts: Span;
  /** maker and taker fee of each tier */
  readonly tiers: Span;
}

/** What the venue's threads share: plain data, passed to each once. */
export interface VenueMemory {
  readonly arena: ArenaHandle;
  /** number of commands recovered: the position that everything starts from */
  readonly start: number;
  /** how engine and journal wait for commands */
  readonly wait: WaitStrategy;
}

export interface VenueMemoryOptions {
  commandSlots: number;
  eventSlots: number;
  wait: WaitStrategy;
  /** whether there is a wire thread, which reads events beside the gateway */
  hasWireThread?: boolean;
  /** tests only: the position that events are counted from. Default: 0 */
  eventStart?: number;
  /** instruments whose average prices the wire thread reads */
  instruments?: number;
}

export function createVenueMemory(start: number, options: VenueMemoryOptions): VenueMemory {
  const commands: RingOptions = { capacity: options.commandSlots, slotWords: command.WORDS, consumers: 2, producers: 'many', start };
  const consumers = options.hasWireThread ? 2 : 1;
  const events: RingOptions = { capacity: options.eventSlots, slotWords: event.WORDS, consumers, start: options.eventStart };
  const averageBytes = (options.instruments ?? 0) * Int32Array.BYTES_PER_ELEMENT;
  const lines = SEQUENCE_BYTES + HELD_UP_BYTES + BELL_BYTES + CACHE_LINE + averageBytes;
  const bytes = ringBytes(commands) + ringBytes(events) + lines + sharedMapBytes(checkpoints);
  const arena = Arena.create({ bytes, parts: 9 });
  createRing(commands, arena.part('commands'));
  createRing(events, arena.part('events'));
  const sequences = arena.reserve('sequences', SEQUENCE_BYTES);
  for (const number of Object.values(SEQUENCES)) new Sequence(sequences, number).begin(start);
  arena.reserve('held up', HELD_UP_BYTES);
  arena.reserve('bells', BELL_BYTES);
  startClock(clockWords(arena.reserve('status', CACHE_LINE)));
  createSharedMap(checkpoints, arena.part('checkpoints'));
  arena.reserve('average prices', averageBytes);
  return { arena: arena.handle, start, wait: options.wait };
}

/** The words of the venue's time, for its keeper. */
function clockWords(controlWords: Span): Int32Array {
  return i32Of(controlWords).subarray(CONTROL_WORD.CLOCK, CONTROL_WORD.CLOCK + CLOCK_WORDS);
}

/** One thread's handles on the shared memory. */
export class Shared {
  readonly memory: VenueMemory;
  /** from the gateways to engine and journal */
  readonly commands: Ring;
  /** from the engine to the gateway */
  readonly events: Ring;
  /** number of the last command that is as durable as configured, applied by the follower, and in the store */
  readonly durable: Sequence;
  readonly followed: Sequence;
  readonly stored: Sequence;
  /** number of the last command that the engine may be applying: beyond its gate, it is amid a batch */
  readonly begun: Sequence;
  readonly engineBell: Bell;
  readonly journalBell: Bell;
  readonly gatewayBell: Bell;
  readonly followerBell: Bell;
  readonly wireBell: Bell;
  /** milliseconds that each reader of events has let the engine wait */
  readonly #heldUp: Sequence[];
  /** the venue's time, which stamps commands */
  readonly clock: VenueClock;
  /** see ClockKeeper */
  readonly clockWords: Int32Array;
  readonly #controlWords: Int32Array;
  readonly #checkpoints: SharedMap;
  readonly #averages: Int32Array;

  constructor(memory: VenueMemory) {
    this.memory = memory;
    const arena = Arena.attach(memory.arena);
    this.commands = new Ring(arena.find('commands'));
    this.events = new Ring(arena.find('events'));
    const sequences = arena.find('sequences');
    this.durable = new Sequence(sequences, SEQUENCES.DURABLE);
    this.followed = new Sequence(sequences, SEQUENCES.FOLLOWED);
    this.stored = new Sequence(sequences, SEQUENCES.STORED);
    this.begun = new Sequence(sequences, SEQUENCES.BEGUN);
    this.#heldUp = EVENT_READERS.map((_, gate) => new Sequence(arena.find('held up'), gate));
    const bells = arena.find('bells');
    this.engineBell = new Bell(bells, BELLS.ENGINE);
    this.journalBell = new Bell(bells, BELLS.JOURNAL);
    this.gatewayBell = new Bell(bells, BELLS.GATEWAY);
    this.followerBell = new Bell(bells, BELLS.FOLLOWER);
    this.wireBell = new Bell(bells, BELLS.WIRE);
    this.#controlWords = i32Of(arena.find('status'));
    this.clockWords = clockWords(arena.find('status'));
    this.clock = new VenueClock(this.clockWords);
    this.#checkpoints = new SharedMap(arena.find('checkpoints'));
    this.#averages = i32Of(arena.find('average prices'));
  }

  get journalState(): number {
    return Atomics.load(this.#controlWords, CONTROL_WORD.JOURNAL);
  }
  set journalState(state: number) {
    Atomics.store(this.#controlWords, CONTROL_WORD.JOURNAL, state);
  }

  /** Nothing is acknowledged any more: a thread is dead that it would need. */
  fail(): void {
    this.journalState = JOURNAL_FAILED;
    this.ringReaders();
  }

  get stopping(): boolean {
    return Atomics.load(this.#controlWords, CONTROL_WORD.STOP) !== 0;
  }
  /** Tells every thread to finish what is in the ring and end. */
  stop(): void {
    Atomics.store(this.#controlWords, CONTROL_WORD.STOP, 1);
    for (const bell of [this.engineBell, this.journalBell, this.gatewayBell, this.followerBell, this.wireBell]) bell.ring();
  }

  /** Wakes whoever reads events. */
  ringReaders(): void {
    this.gatewayBell.ring();
    this.wireBell.ring();
  }

  /** Engine only: a reader of events has let it wait for so many milliseconds. */
  noteHeldUp(gate: number, milliseconds: number): void {
    this.#heldUp[gate].publish(this.#heldUp[gate].known + Math.round(milliseconds));
  }

  /** Milliseconds in all that the engine has waited for a reader of events, of waits of over 100. */
  heldUp(gate: number): number {
    return this.#heldUp[gate].read();
  }

  /** Whether the follower's state hash differed from the engine's. */
  get diverged(): boolean {
    return Atomics.load(this.#controlWords, CONTROL_WORD.DIVERGED) !== 0;
  }
  noteDivergence(): void {
    Atomics.store(this.#controlWords, CONTROL_WORD.DIVERGED, 1);
  }

  /** Whether the follower waits for something to be there again: the database, or the journal's next segment. */
  get followerHeldUp(): boolean {
    return Atomics.load(this.#controlWords, CONTROL_WORD.FOLLOWER_HELD_UP) !== 0;
  }
  set followerHeldUp(isHeldUp: boolean) {
    Atomics.store(this.#controlWords, CONTROL_WORD.FOLLOWER_HELD_UP, isHeldUp ? 1 : 0);
  }

  /** Whether the engine has work left that goes on with the next command, whoever's it is. */
  get hasWorkLeft(): boolean {
    return Atomics.load(this.#controlWords, CONTROL_WORD.WORK_LEFT) !== 0;
  }
  set hasWorkLeft(has: boolean) {
    Atomics.store(this.#controlWords, CONTROL_WORD.WORK_LEFT, has ? 1 : 0);
  }

  /** Whether the memory monitor found a part of the venue's memory full: no new orders until there is room. */
  get isShortOfMemory(): boolean {
    return Atomics.load(this.#controlWords, CONTROL_WORD.SHORT_OF_MEMORY) !== 0;
  }
  set isShortOfMemory(isShort: boolean) {
    Atomics.store(this.#controlWords, CONTROL_WORD.SHORT_OF_MEMORY, isShort ? 1 : 0);
  }

  /**
   * The average price of an instrument in ticks, as the order lane published it last: see AveragePublisher. A plain read, since a word never
   * tears and nothing else hangs on it: Atomics.load is a call, and this is asked for every order of the wire thread.
   */
  averagePrice(instrument: number): number {
    return this.#averages[instrument];
  }
  publishAveragePrice(instrument: number, ticks: number): void {
    Atomics.store(this.#averages, instrument, ticks);
  }

  /** Engine only: notes its hash after a command. */
  writeCheckpoint(sequence: number, hash: readonly [number, number]): void {
    const { i32, f64 } = this.#checkpoints.value;
    f64[CHECKPOINT.F64_SEQUENCE] = sequence;
    i32[CHECKPOINT.HASH] = hash[0];
    i32[CHECKPOINT.HASH + 1] = hash[1];
    this.#checkpoints.set((sequence / CHECKPOINT_EVERY) % CHECKPOINTS, 0);
  }

  /** The latest checkpoint of the engine, undefined before the first. */
  latestCheckpoint(): { sequence: number; hash: [number, number] } | undefined {
    const applied = this.commands.gate(ENGINE_GATE);
    const sequence = applied - (applied % CHECKPOINT_EVERY);
    const hash = this.readCheckpoint(sequence);
    return hash === undefined ? undefined : { sequence, hash };
  }

  /** The engine's hash after a command, or undefined when it is not (or no longer) known. */
  readCheckpoint(sequence: number): [number, number] | undefined {
    if (!this.#checkpoints.get((sequence / CHECKPOINT_EVERY) % CHECKPOINTS, 0)) return undefined;
    const { i32, f64 } = this.#checkpoints.value;
    return f64[CHECKPOINT.F64_SEQUENCE] === sequence ? [i32[CHECKPOINT.HASH], i32[CHECKPOINT.HASH + 1]] : undefined;
  }
}
