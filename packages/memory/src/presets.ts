/** Pools by name, for records of a venue. */
import { createPool, openPool } from './guarded-pool.ts';
import type { Placement } from './part.ts';
import type { Pool } from './pool.ts';
import type { PoolOptions } from './pool-layout.ts';
import { record } from './record.ts';
import type { Span } from './span.ts';

/** An order on its way: 64 bytes, so that two never share a cache line. */
export const orderShape = record(
  {
    price: 'i64',
    quantity: 'i64',
    left: 'i64',
    time: 'f64',
    id: 'u32',
    account: 'u32',
    instrument: 'u16',
    side: 'u8',
    type: 'u8',
    flags: 'u32',
  },
  { align: 64 },
);

/** A trade. */
export const tradeShape = record(
  { price: 'i64', quantity: 'i64', time: 'f64', id: 'f64', maker: 'u32', taker: 'u32', instrument: 'u16', side: 'u8' },
  { align: 64 },
);

/** An order's place in a queue: links and the order's handle. */
export const orderNodeShape = record({ order: 'u32', previous: 'u32', next: 'u32', level: 'u32' }, { align: 64 });

/** A price level: its queue and total. */
export const priceLevelShape = record({ price: 'i64', total: 'i64', head: 'u32', tail: 'u32', count: 'u32' }, { align: 64 });

/** Pools of the sizes that a trading system begins with. Packets hold an Ethernet frame, messages a page. */
export const PRESETS = {
  orders: { blockBytes: orderShape.bytes, capacity: 10_000 },
  trades: { blockBytes: tradeShape.bytes, capacity: 5_000 },
  orderNodes: { blockBytes: orderNodeShape.bytes, capacity: 10_000 },
  priceLevels: { blockBytes: priceLevelShape.bytes, capacity: 1_000 },
  packets: { blockBytes: 2048, capacity: 4_096 },
  messages: { blockBytes: 4096, capacity: 1_024 },
} as const satisfies Record<string, PoolOptions>;

export type Preset = keyof typeof PRESETS;

/** Makes a pool by a preset, warm: every page in memory, every block used once. @param changes e.g. what `outcry memory tune` found */
export function createPreset(preset: Preset, changes: Partial<PoolOptions> = {}, placement?: Placement): Span {
  const span = createPool({ ...PRESETS[preset], ...changes }, placement);
  const pool = openPool(span);
  pool.warmUp();
  pool.leave();
  return span;
}

/** Makes and attaches in one step, for a thread on its own. */
export function openPreset(preset: Preset, changes?: Partial<PoolOptions>): Pool {
  return openPool(createPreset(preset, changes));
}
