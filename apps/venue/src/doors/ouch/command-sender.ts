/** Puts commands of the OUCH door into the ring, many to a claim. */
import { COMMAND, command } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import type { Entrance } from '../../core/orders/admission.ts';
import { JOURNAL_FAILED, JOURNAL_OK, type Shared } from '../../spine/shared.ts';

const BATCH = 512;
/** Commands whose outcome is not known yet: a power of two. */
const MOST_IN_FLIGHT = 1 << 17;
const MASK = MOST_IN_FLIGHT - 1;
/** Bytes of the client's message that are kept until its outcome is known. */
export const COPY_BYTES = 64;

/**
 * Puts commands into the ring, many at a time, and keeps what is needed to answer them, in the order of their sequence numbers. Nothing is
 * allocated: what is in flight lies in typed arrays, by `head`, `head + 1`, ... modulo their length.
 */
export class CommandSender {
  /** the batch: write the record at the offset that `record` gives */
  readonly i32 = new Int32Array(BATCH * command.WORDS);
  readonly f64 = new Float64Array(this.i32.buffer);
  /** by place: what was asked, by which flow, of which group, and the message */
  readonly kinds = new Uint8Array(MOST_IN_FLIGHT);
  readonly flows = new Int32Array(MOST_IN_FLIGHT);
  readonly groups = new Uint16Array(MOST_IN_FLIGHT);
  readonly copies = new DataView(new ArrayBuffer(MOST_IN_FLIGHT * COPY_BYTES));
  readonly #sequences = new Float64Array(MOST_IN_FLIGHT);
  readonly #shared: Shared;
  readonly #admission: Entrance;
  readonly #onRefused: (place: number) => void;
  #head = 0;
  #tail = 0;
  /** of #tail: the first that is still in the batch */
  #sent = 0;
  #records = 0;
  #lastTime = 0;

  /** @param onRefused told of a command that found no room, before its place is given up */
  constructor(shared: Shared, admission: Entrance, onRefused: (place: number) => void) {
    this.#shared = shared;
    this.#admission = admission;
    this.#onRefused = onRefused;
  }

  /** Whether so many records can be taken now; sends what is there to make room. */
  hasRoom(records: number): boolean {
    if (this.#shared.journalState !== JOURNAL_OK) return false;
    if (this.#records + records > BATCH) this.flush();
    return this.#tail - this.#head < MOST_IN_FLIGHT;
  }

  /** Whether there is room for what can wait: most of the ring is for those who cannot. */
  hasSpareRoom(): boolean {
    const { commands } = this.#shared;
    const isInFlight = this.#tail - this.#head < MOST_IN_FLIGHT / 4;
    return isInFlight && commands.inUse() + this.#records < commands.capacity / 4;
  }

  /** Why an account may not enter another order, NONE: it may. */
  refusal(account: number): number {
    return this.#admission.refusal(account, 1, this.#records);
  }

  get journalHasFailed(): boolean {
    return this.#shared.journalState === JOURNAL_FAILED;
  }

  /** The next record of the batch, zeroed. Returns its word offset. */
  record(): number {
    const at = this.#records++ * command.WORDS;
    this.i32.fill(0, at, at + command.WORDS);
    return at;
  }

  /** The record just written completes a command. @param group of its client @param message kept for the answer */
  commit(at: number, kind: number, flow: number, group: number, message: DataView, from: number, bytes: number): void {
    const place = this.#tail++ & MASK;
    this.groups[place] = group;
    this.f64[(at >> 1) + command.F64_TIME] = this.#lastTime;
    this.kinds[place] = kind;
    this.flows[place] = flow;
    this.#sequences[place] = this.#records;
    if (kindOf(this.i32[at + command.HEAD]) === COMMAND.NEW_ORDER) this.#admission.enter(this.i32[at + command.ACCOUNT], 1, this.#records);
    const to = place * COPY_BYTES;
    const words = Math.min(bytes, COPY_BYTES) & ~3;
    let i = 0;
    for (; i < words; i += 4) this.copies.setUint32(to + i, message.getUint32(from + i));
    for (; i < bytes && i < COPY_BYTES; i++) this.copies.setUint8(to + i, message.getUint8(from + i));
  }

  /** Reads the venue's clock: for the commands that follow. Microseconds since 1970. */
  tick(): number {
    this.#lastTime = this.#shared.clock.now();
    return this.#lastTime;
  }

  /** Sends the batch; what finds no room is refused. */
  flush(): void {
    const count = this.#records;
    if (count === 0) return;
    this.#records = 0;
    const ring = this.#shared.commands;
    const first = ring.claim(count);
    if (first < 0) {
      this.#refuse();
      return;
    }
    const to = ring.wordOf(first);
    const words = count * command.WORDS;
    const untilWrap = Math.min(words, ring.i32.length - to);
    ring.i32.set(untilWrap === this.i32.length ? this.i32 : this.i32.subarray(0, untilWrap), to);
    if (words > untilWrap) ring.i32.set(this.i32.subarray(untilWrap, words), 0);
    for (; this.#sent < this.#tail; this.#sent++) this.#sequences[this.#sent & MASK] += first;
    this.#admission.sentFrom(first);
    ring.publish(first, count);
    this.#shared.engineBell.ring();
    this.#shared.journalBell.ring();
  }

  #refuse(): void {
    for (let i = this.#sent; i < this.#tail; i++) this.#onRefused(i & MASK);
    this.#tail = this.#sent;
    this.#admission.drop();
  }

  /** The place of the command with a sequence number, -1: it is not one of these. Those before it are done with. */
  match(sequence: number): number {
    while (this.#head < this.#sent) {
      const place = this.#head & MASK;
      if (this.#sequences[place] === sequence) return place;
      if (this.#sequences[place] > sequence) return -1;
      this.#head++;
    }
    return -1;
  }

  /** All commands up to a number have been answered. */
  passUpTo(sequence: number): void {
    this.match(sequence + 0.5);
  }
}
