/** Watches the venue's memory, and refuses new orders while a part of it is full. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isOutOfDescriptors } from '@outcry/journal/disk';
import { replaceFile } from '@outcry/journal/durable-file';
import { PAGE } from '@outcry/memory/libc';
import { type MemoryReport, memoryReport } from '@outcry/memory/report';
import type { Ring } from '@outcry/memory/ring';
import { slotPoolStatistics } from '@outcry/memory/slot-pool';
import type { Span } from '@outcry/memory/span';
import type { PoolStatistics } from '@outcry/memory/statistics';
import { mergePeaks, type Peak, peaksOf } from '@outcry/memory/tune';
import { MemoryWatch } from '@outcry/memory/watch';
import type { Logger } from 'pino';
import type { EnginePools, Shared } from '../spine/shared.ts';
import type { Gateway } from './orders/gateway.ts';
import { openOrderShape } from './orders/open-order.ts';
import { balanceValue, type SharedState } from './orders/shared-state.ts';

/** Where the peaks of all runs are kept, in the data directory. */
export const PEAKS_FILE = 'memory-peaks.json';
const SAVE_EVERY_MS = 60_000;
const LOOK_MS = 20;
/** Milliseconds between questions for resident memory. */
const RESIDENT_MS = 250;
const BALANCE_BYTES = balanceValue.WORDS * 4;

/**
 * Watches the venue's memory: while a part of it is full all doors refuse new orders, with a reason, and cancels pass; see Admission. Peaks are saved for `outcry memory tune`.
 */
export class MemoryMonitor {
  readonly #watch = new MemoryWatch();
  readonly #shared: Shared;
  readonly #file: string;
  readonly #saving: NodeJS.Timeout;
  readonly #looking: NodeJS.Timeout;
  readonly #log: Logger;

  /** @param mostOrders the limit on open orders: there may be room for more */
  constructor(data: string, shared: Shared, engine: EnginePools, gateway: Gateway, state: SharedState, mostOrders: number, log: Logger) {
    this.#log = log;
    this.#file = path.join(data, PEAKS_FILE);
    const pool = (name: string, span: Span) =>
      this.#watch.watch({
        component: 'engine',
        setting: 'limits.orders',
        statistics: () => ({ ...slotPoolStatistics(name, span), capacity: mostOrders }),
      });
    pool('orders', engine.orders);
    pool('far price levels', engine.farLevels);
    pool('special orders', engine.specials);
    pool('order lists', engine.lists);
    pool('client order ids', engine.texts);
    const ring = (name: string, component: string, setting: string, of: Ring) =>
      this.#watch.watch({ component, setting, powerOfTwo: true, isQueue: true, statistics: () => ringStatistics(name, of) });
    ring('command ring', 'gateway', 'commandSlots', shared.commands);
    ring('event ring', 'engine', 'eventSlots', shared.events);
    const { orders } = gateway.view;
    const view = () => plainStatistics('open orders', orders.size, mostOrders, openOrderShape.bytes);
    this.#watch.watch({ component: 'gateway', setting: 'limits.orders', statistics: view });
    this.#watch.watch({
      component: 'gateway',
      remedy: 'raise limits.accounts',
      statistics: () => plainStatistics('balances', state.balances.size, state.balances.capacity, BALANCE_BYTES),
    });
    const remedy = 'give the machine, or the container, more memory, or lower the limits of the parts that hold most';
    this.#watch.watch({ component: 'process', remedy, isTotal: true, statistics: new ResidentMemory().statistics });
    this.#watch.listeners.push((level, before, part) => {
      const full = `${part.name} ${part.inUse} of ${part.capacity}`;
      const consequence = level === 'critical' ? '; new orders are refused' : before === 'critical' ? '; new orders are taken again' : '';
      log[level === 'critical' || level === 'high' ? 'warn' : 'info'](`memory pressure ${level} (${full})${consequence}`);
    });
    this.#shared = shared;
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
    this.#saving = setInterval(() => this.#save(), SAVE_EVERY_MS).unref();
  }

  report(): MemoryReport {
    return memoryReport(this.#watch);
  }

  close(): void {
    clearInterval(this.#looking);
    clearInterval(this.#saving);
    this.#save();
  }

  #look(): void {
    this.#watch.look();
    this.publish();
  }

  /** Publishes to all doors whether a part is full as it stands. */
  publish(): void {
    const { isExhausted } = this.#watch;
    if (this.#shared.isShortOfMemory !== isExhausted) this.#shared.isShortOfMemory = isExhausted;
  }

  #save(): void {
    try {
      replaceFile(this.#file, `${JSON.stringify(mergePeaks(this.#before(), peaksOf(this.#watch.parts())), null, 2)}\n`);
    } catch (error) {
      this.#log.warn(`the peaks of memory use were not saved: ${(error as Error).message}`);
    }
  }

  /** The peaks of the runs before. What cannot be read is given up: they are found anew. */
  #before(): Peak[] {
    if (!fs.existsSync(this.#file)) return [];
    try {
      return JSON.parse(fs.readFileSync(this.#file, 'utf8')) as Peak[];
    } catch (error) {
      this.#log.warn(`${this.#file} cannot be read, and is made anew: ${(error as Error).message}`);
      return [];
    }
  }
}

function ringStatistics(name: string, ring: Ring): PoolStatistics {
  const taken = ring.published() - ring.start;
  const plain = plainStatistics(name, ring.inUse(), ring.capacity, ring.slotWords * 4);
  return { ...plain, takes: taken, fresh: Math.min(taken, ring.capacity), bytes: plain.capacity * plain.blockBytes };
}

/** Resident memory in pages, of what the container or the machine allows. To ask the system takes half a millisecond at times: it is asked seldom. */
class ResidentMemory {
  readonly #pages = Math.round(Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, os.totalmem()) / PAGE);
  #bytes = 0;
  #nextAt = 0;

  readonly statistics = (): PoolStatistics => {
    const now = performance.now();
    if (now >= this.#nextAt) {
      this.#nextAt = now + RESIDENT_MS;
      this.#ask();
    }
    return plainStatistics('resident pages', Math.round(this.#bytes / PAGE), this.#pages, PAGE);
  };

  /** As last known where no file descriptor is to be had to ask for it. */
  #ask(): void {
    try {
      this.#bytes = process.memoryUsage.rss();
    } catch (error) {
      if (!isOutOfDescriptors(error)) throw error;
    }
  }
}

/** Of something that only fills: what was taken is in use. */
function plainStatistics(name: string, inUse: number, capacity: number, blockBytes: number): PoolStatistics {
  return {
    name,
    blockBytes,
    capacity,
    committed: capacity,
    inUse,
    peak: inUse,
    takes: inUse,
    fresh: inUse,
    failures: 0,
    refused: 0,
    magazineHits: 0,
    fragmentation: 0,
    bytes: inUse * blockBytes,
    overheadBytes: 0,
  };
}
