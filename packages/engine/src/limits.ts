/** The engine's limits: how many of everything there may be. */
import { REASON } from '@outcry/market/reason';
import { bytesOf } from '@outcry/memory/span';
import type { Engine } from './engine.ts';

/** How many of each there may be at once. */
export interface EngineLimits {
  /** most orders open at once, up to 2^24 - 1 */
  orders: number;
  accounts: number;
  assets: number;
  instruments: number;
}

export const DEFAULT_LIMITS: EngineLimits = { orders: 4_000_000, accounts: 100_000, assets: 64, instruments: 1024 };

export const LIMIT_NAMES = ['orders', 'accounts', 'assets', 'instruments'] as const;

/** Words of {@link Limits.i32}. */
export const limit = { ORDERS: 0, ACCOUNTS: 1, ASSETS: 2, INSTRUMENTS: 3 } as const;

/**
 * The limits that decide what is refused. They are part of the state and set by a command, so that a replay refuses what was refused,
 * whatever memory it has. Before the first such command they are what there is room for.
 */
export class Limits implements EngineLimits {
  readonly i32: Int32Array;

  constructor(room: EngineLimits) {
    this.i32 = Int32Array.from(LIMIT_NAMES, (name) => room[name]);
  }

  get orders(): number {
    return this.i32[limit.ORDERS];
  }
  get accounts(): number {
    return this.i32[limit.ACCOUNTS];
  }
  get assets(): number {
    return this.i32[limit.ASSETS];
  }
  get instruments(): number {
    return this.i32[limit.INSTRUMENTS];
  }

  used(): Uint8Array {
    return bytesOf(this.i32);
  }

  restore(bytes: Uint8Array): void {
    bytesOf(this.i32).set(bytes);
  }
}

/** In the order of {@link LIMIT_NAMES}, which records use too. */
export function limitsFrom([orders, accounts, assets, instruments]: ArrayLike<number> & Iterable<number>): EngineLimits {
  return { orders, accounts, assets, instruments };
}

/** What there is of each: limits cannot be lower. */
export function inUse({ memory, ledger, instruments }: Engine): EngineLimits {
  let assets = ledger.assetCapacity;
  while (assets > 0 && !ledger.hasAsset(assets - 1)) assets--;
  return { orders: memory.orders.inUse, accounts: ledger.accounts, assets, instruments: instruments.books.length };
}

/** The limit that new ones would break, undefined: none. */
export function broken(limits: EngineLimits, used: EngineLimits): (typeof LIMIT_NAMES)[number] | undefined {
  return LIMIT_NAMES.find((name) => limits[name] < Math.max(1, used[name]));
}

/** The larger of each. */
export function widest(a: EngineLimits, b: EngineLimits): EngineLimits {
  const of = (name: keyof EngineLimits) => Math.max(a[name], b[name]);
  return { orders: of('orders'), accounts: of('accounts'), assets: of('assets'), instruments: of('instruments') };
}

/** From here on. Returns a reason; throws where there is no room for them, which no replay may overlook. */
export function setLimits(engine: Engine, limits: EngineLimits): number {
  const tooMany = LIMIT_NAMES.find((name) => limits[name] > engine.room[name]);
  if (tooMany !== undefined) {
    throw new RangeError(`the journal allows ${limits[tooMany]} ${tooMany}, and there is room for ${engine.room[tooMany]}`);
  }
  if (broken(limits, inUse(engine)) !== undefined) return REASON.INVALID_DEFINITION;
  LIMIT_NAMES.forEach((name, i) => {
    engine.limits.i32[i] = limits[name];
  });
  return REASON.NONE;
}
