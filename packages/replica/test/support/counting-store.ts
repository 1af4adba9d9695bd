/** A store that counts the events of each command. */
import { EVENT, event } from '@outcry/market/event';
import type { StateHash } from '@outcry/replica/checkpoint';
import { type FollowerStore, StoreGone } from '@outcry/replica/follower-store';

const COUNTED: readonly number[] = [EVENT.ACCEPTED, EVENT.FILL, EVENT.CANCELLED, EVENT.BALANCE];

/** Whether an event is one that names its command. */
export function isCounted(i32: Int32Array, at: number): boolean {
  return COUNTED.includes(i32[at + event.HEAD] & 0xff);
}

/** A store that counts the events of each command, and fails as a test asks. It outlives those who have it open. */
export class CountingStore {
  /** events that were written, by command */
  readonly counts = new Map<number, number>();
  sequence = 0;
  hash: StateHash | undefined;
  opened = 0;
  closed = 0;
  /** commands up to which each flush went, and the time then */
  readonly flushes: { sequence: number; rows: number; at: number }[] = [];
  /** flushes that fail from now on */
  failing = 0;
  isGone = false;
  now: () => number = () => 0;

  async open(): Promise<FollowerStore> {
    this.opened++;
    return new OpenStore(this);
  }
}

class OpenStore implements FollowerStore {
  readonly sequence: number;
  readonly hash: StateHash | undefined;
  readonly #kept: CountingStore;
  #pending: number[] = [];

  constructor(kept: CountingStore) {
    this.#kept = kept;
    this.sequence = kept.sequence;
    this.hash = kept.hash;
  }

  get pendingRows(): number {
    return this.#pending.length;
  }

  async empty(): Promise<void> {
    this.#kept.counts.clear();
    this.#kept.sequence = 0;
    this.#kept.hash = undefined;
  }

  setIds(): void {}
  setPreventedLots(): void {}
  setAggregates(): void {}

  add(i32: Int32Array, f64: Float64Array, at: number): void {
    if (!isCounted(i32, at)) return;
    this.#pending.push(f64[(at >> 1) + event.F64_SEQUENCE]);
  }

  async flush(sequence: number, hash: StateHash): Promise<void> {
    const kept = this.#kept;
    if (kept.isGone) {
      kept.isGone = false;
      throw new StoreGone('the store was replaced');
    }
    if (kept.failing > 0) {
      kept.failing--;
      throw new Error('locked');
    }
    for (const of of this.#pending) kept.counts.set(of, (kept.counts.get(of) ?? 0) + 1);
    kept.flushes.push({ sequence, rows: this.#pending.length, at: kept.now() });
    kept.sequence = sequence;
    kept.hash = [...hash] as [number, number];
    this.#pending = [];
  }

  async close(): Promise<void> {
    this.#kept.closed++;
  }
}
