/** What a follower asks of a store: a seam that a database on another machine fits as well as a file. */
import type { StateHash } from './checkpoint.ts';

/**
 * What a follower writes rows to. A flush is all or nothing and says up to which command it goes, so that after any end the next follower
 * knows where to go on: no row is lost, none doubled. A store that cannot take a flush keeps its rows for another try.
 */
export interface FollowerStore {
  /** the last command whose rows were all there when it was opened */
  readonly sequence: number;
  /** the hash of the engine after that command; undefined: it had no rows */
  readonly hash: StateHash | undefined;
  /** rows that the next flush would write */
  readonly pendingRows: number;
  /** Gives up all rows. */
  empty(): Promise<void>;
  /** The ids of open orders, by slot, where its rows end: events name orders by their slots. */
  setIds(ids: Float64Array): void;
  /** Lots that open orders have lost by self-trade prevention where its rows end, as PreventedLots has them in an image. */
  setPreventedLots(image: Uint8Array): void;
  /** The number of an instrument's last aggregate trade, where its rows end. */
  setAggregates(instrument: number, aggregates: number): void;
  /** Takes in one event, in memory: a follower does this a million times a second. */
  add(i32: Int32Array, f64: Float64Array, at: number): void;
  /** Writes all that was taken in. Rejects with StoreGone where no other try can help, and with the store's error otherwise. */
  flush(sequence: number, hash: StateHash): Promise<void>;
  close(): Promise<void>;
}

/** @param unitOf quote units a tick and lot, by instrument */
export type OpenStore = (unitOf: (instrument: number) => number) => Promise<FollowerStore>;

/** The store that was opened is no longer the one to write to: another is opened, and goes on from what that one holds. */
export class StoreGone extends Error {}
