import type { FigureOptions, Report } from '../report.ts';
import { benchBook } from './book.ts';
import { benchEngine } from './engine.ts';
import { benchGrowth } from './growth.ts';
import { benchHostile } from './hostile.ts';
import { benchLanes } from './lanes.ts';
import { benchMemory } from './memory.ts';
import { benchPipeline } from './pipeline.ts';
import { benchRecovery } from './recovery.ts';
import { benchRest } from './rest.ts';
import { benchRules } from './rules.ts';
import { benchStore } from './store.ts';
import { benchWire } from './wire.ts';

/** Every figure by the name that `outcry bench` knows it by, and what it takes. */
export const FIGURES: Record<string, { what: string; run(options: FigureOptions): Report | Promise<Report> }> = {
  book: { what: 'the order book alone, beside the same design in C++ and the books of npm', run: benchBook },
  engine: { what: 'accounts, holds, fees, matching and events on one thread; garbage collections', run: benchEngine },
  pipeline: { what: 'ring, engine, journal with fdatasync, reply ring: throughput and latency', run: benchPipeline },
  rules: { what: 'trades under a million stops and trailing stops, firing them, a call auction of a million orders', run: benchRules },
  growth: { what: 'every operation with 10 and a million orders of each kind open, with 100 and 20,000 price levels', run: benchGrowth },
  rest: { what: 'signed, durable REST orders over loopback', run: benchRest },
  lanes: { what: 'orders beside readers of market data and history, and beside a neighbour of equal CPU', run: benchLanes },
  memory: { what: 'pools and rings beside what else allocates; pressure; bytes of a resting order', run: benchMemory },
  wire: { what: 'ITCH decoding and books, OUCH, trades to multicast under packet loss, FIX', run: benchWire },
  hostile: { what: 'an honest client beside each hostile one, and beside a neighbour of equal CPU', run: benchHostile },
  store: { what: "the store's lag at 50,000 commands/s, bytes an order, and its rebuild", run: benchStore },
  recovery: { what: 'replay of 10 million commands, load of a snapshot', run: benchRecovery },
};
