/** Balances and best prices in shared memory, for readers on any thread. */
import fs from 'node:fs';
import { BUY, SELL } from '@outcry/market/order-terms';
import { Arena } from '@outcry/memory/arena';
import { createSharedMap, SharedMap, sharedMapBytes } from '@outcry/memory/shared-map';
import { bytesOf, f64Of, reserve } from '@outcry/memory/span';
import type { Balance } from '../../domain/orders.ts';
import type { Depth } from '../feeds/depth.ts';
import { Noted } from './noted.ts';

/** Values of the map `balances`, by account and asset: whole units, and the number of the command that set them. */
export const balanceValue = { WORDS: 6, F64_AVAILABLE: 0, F64_HELD: 1, F64_SEQUENCE: 2 } as const;

/** Values of the map `touches`, by instrument and 0: ticks and lots of the best bid and ask; 0 lots: none. */
export const touchValue = { WORDS: 8, F64_PRICE: 0, F64_LOTS: 2 } as const;

interface SharedStateOptions {
  readonly accounts: number;
  readonly assets: number;
  readonly instruments: number;
  /** a file instead of this process's memory: other processes read it by its path */
  readonly file?: string;
}

/** Numbers of a balance, as in balanceValue. */
const OWN_WORDS = balanceValue.WORDS / 2;
const MOST_BALANCES = 2 ** 24;
const NOTHING = [0, 0] as const;

/**
 * Balances and best prices in shared memory, for any thread (and, in a file, any process) to read without asking: as they are after
 * the last command that is durable. The gateway writes; the engine's own memory is ahead of the journal, and nobody may see that.
 */
export class SharedState {
  readonly #balances: SharedMap;
  readonly #touches: SharedMap;
  /** this thread's own: by account and asset, available, held and the command's number; what changed is shared by {@link publish} */
  readonly #own: Float64Array;
  readonly #assets: number;
  /** places of balances, and instruments whose depth, changed since the last publish */
  readonly #changed: Noted;
  readonly #touched: Noted;
  /** by account: microseconds since 1970 of its last change, 0: none yet */
  readonly #updated: Float64Array;
  /** by account: see {@link lastCommand} */
  readonly #commands: Float64Array;

  constructor({ accounts, assets: assetCount, instruments, file }: SharedStateOptions) {
    const balances = { capacity: Math.min(MOST_BALANCES, accounts * assetCount), valueWords: balanceValue.WORDS };
    const touches = { capacity: instruments, valueWords: touchValue.WORDS };
    if (file !== undefined) fs.rmSync(file, { force: true }); // of an earlier run
    const arena = Arena.create({ bytes: sharedMapBytes(balances) + sharedMapBytes(touches), parts: 4, file });
    this.#balances = new SharedMap(createSharedMap(balances, arena.part('balances')));
    this.#own = f64Of(reserve(accounts * assetCount * OWN_WORDS * 8));
    this.#changed = new Noted(bytesOf(reserve(accounts * assetCount)));
    this.#assets = assetCount;
    this.#touched = new Noted(new Uint8Array(instruments));
    this.#updated = f64Of(reserve(accounts * 8));
    this.#commands = f64Of(reserve(accounts * 8));
    this.#touches = new SharedMap(createSharedMap(touches, arena.part('touches')));
  }

  balance(account: number, asset: number): Balance {
    const at = (account * this.#assets + asset) * OWN_WORDS;
    return { available: this.#own[at + balanceValue.F64_AVAILABLE] ?? 0, held: this.#own[at + balanceValue.F64_HELD] ?? 0 };
  }

  /** Microseconds since 1970 of an account's last change of balance, 0: none yet. */
  lastUpdate(account: number): number {
    return this.#updated[account] ?? 0;
  }

  /** The last command that changed an account's orders or balances, 0: none since the start. */
  lastCommand(account: number): number {
    return this.#commands[account] ?? 0;
  }

  noteCommand(account: number, sequence: number): void {
    this.#commands[account] = sequence;
  }

  setBalance(account: number, asset: number, available: number, held: number, sequence: number, time: number): void {
    this.#updated[account] = time;
    this.#commands[account] = sequence;
    const place = account * this.#assets + asset;
    const at = place * OWN_WORDS;
    this.#own[at + balanceValue.F64_AVAILABLE] = available;
    this.#own[at + balanceValue.F64_HELD] = held;
    this.#own[at + balanceValue.F64_SEQUENCE] = sequence;
    this.#changed.note(place);
  }

  /** Shares the balances and best prices that changed since the last call. @param depthOf an instrument's depth */
  publish(depthOf: (instrument: number) => Depth): void {
    this.#touched.workOff((instrument) => this.#setTouch(instrument, depthOf(instrument)));
    const { f64 } = this.#balances.value;
    this.#changed.workOff((place) => {
      for (let i = 0; i < OWN_WORDS; i++) f64[i] = this.#own[place * OWN_WORDS + i];
      if (!this.#balances.set(Math.floor(place / this.#assets), place % this.#assets))
        throw new Error(`more than ${this.#balances.capacity} balances: raise limits.accounts`);
    });
  }

  /** Notes that an instrument's depth has changed. */
  touch(instrument: number): void {
    this.#touched.note(instrument);
  }

  #setTouch(instrument: number, depth: Depth): void {
    const { f64 } = this.#touches.value;
    let isNew = !this.#touches.get(instrument, 0);
    for (const side of [BUY, SELL]) {
      const [price, lots] = depth.best(side) ?? NOTHING;
      isNew ||= f64[touchValue.F64_PRICE + side] !== price || f64[touchValue.F64_LOTS + side] !== lots;
      f64[touchValue.F64_PRICE + side] = price;
      f64[touchValue.F64_LOTS + side] = lots;
    }
    if (isNew) this.#touches.set(instrument, 0);
  }

  /** Balances kept, and how many fit. */
  get balances(): { readonly size: number; readonly capacity: number } {
    return this.#balances;
  }
}
