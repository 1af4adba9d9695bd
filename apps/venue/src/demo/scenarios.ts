/** The scenarios that ship, by name. They say nothing of instruments, so that they fit every market. */
import type { ScenarioFile } from './scenario-schema.ts';

const MINUTE = 60_000;

export const SCENARIOS: Readonly<Record<string, ScenarioFile>> = {
  everyday: { description: 'A living market around the reference price: what the demo plays when nothing else is said.' },
  quiet: {
    description: 'Tight and nearly still: few trades, hardly a move.',
    market: { orders: 120, volatility: '0.0005%', takersPerMinute: 30, orderValue: 5000 },
  },
  'trend-up': {
    description: 'Rises by 15% in ten minutes with two pauses; seven of ten takers buy.',
    market: { buyers: '70%' },
    steps: [
      { at: 5000, do: 'walk', by: '6%', overMs: 3 * MINUTE },
      { at: 4 * MINUTE, do: 'walk', by: '4%', overMs: 2 * MINUTE },
      { at: 7 * MINUTE, do: 'walk', by: '4.3%', overMs: 3 * MINUTE },
      { at: 10 * MINUTE, do: 'set', buyers: '50%' },
    ],
  },
  'trend-down': {
    description: 'Falls by 15% in ten minutes with two pauses; seven of ten takers sell.',
    market: { buyers: '30%' },
    steps: [
      { at: 5000, do: 'walk', by: '-6%', overMs: 3 * MINUTE },
      { at: 4 * MINUTE, do: 'walk', by: '-5%', overMs: 2 * MINUTE },
      { at: 7 * MINUTE, do: 'walk', by: '-4.8%', overMs: 3 * MINUTE },
      { at: 10 * MINUTE, do: 'set', buyers: '50%' },
    ],
  },
  'flash-crash': {
    description: 'Calm for 10 s, then 12% down in 3 s on a book that thins out, and most of it back within 30 s.',
    steps: [
      { at: 10_000, do: 'set', orders: 16, spread: '0.1%', width: '1%', takersPerMinute: 1800, buyers: '10%' },
      { at: 10_000, do: 'walk', by: '-12%', overMs: 3000 },
      { at: 14_000, do: 'set', buyers: '75%' },
      { at: 14_000, do: 'walk', by: '11%', overMs: 20_000 },
      { at: 36_000, do: 'set', orders: 80, spread: '0.002%', width: '0.2%', takersPerMinute: 450, buyers: '50%' },
    ],
  },
  'thin-market': {
    description: 'Eight small orders, a wide spread, a trade every ten seconds.',
    market: { orders: 8, spread: '0.3%', width: '2%', takersPerMinute: 6, orderValue: 500 },
  },
  'gap-up': {
    description: 'After 10 s the price jumps by 5% without a trade in between, and stays there.',
    steps: [{ at: 10_000, do: 'gap', by: '5%' }],
  },
  halt: {
    description: 'Halted after 10 s, for 10 s; the market goes on 2% lower.',
    loopMs: MINUTE,
    steps: [
      { at: 9000, do: 'walk', by: '-1%', overMs: 1000 },
      { at: 10_000, do: 'halt' },
      { at: 19_980, do: 'gap', by: '-1%' },
      { at: 20_000, do: 'resume' },
    ],
  },
  choppy: {
    description: 'To and fro by 1% every few seconds, with wide swings and busy takers; again every minute.',
    loopMs: MINUTE,
    market: { volatility: '0.04%', takersPerMinute: 1200, width: '0.4%' },
    steps: [
      { at: 2000, do: 'walk', by: '1%', overMs: 4000 },
      { at: 8000, do: 'walk', by: '-2%', overMs: 6000 },
      { at: 16_000, do: 'walk', by: '2.2%', overMs: 5000 },
      { at: 24_000, do: 'walk', by: '-1.5%', overMs: 3000 },
      { at: 30_000, do: 'walk', by: '1%', overMs: 8000 },
      { at: 42_000, do: 'walk', by: '-1.2%', overMs: 6000 },
      { at: 50_000, do: 'walk', by: '0.6%', overMs: 8000 },
    ],
  },
  whale: {
    description: 'An order of 2,000,000 rests below the market, is cancelled, and one of 1,500,000 takes the book instead.',
    loopMs: MINUTE,
    steps: [
      { at: 5000, do: 'order', side: 'BUY', value: 2_000_000, distance: '0.05%', name: 'wall' },
      { at: 20_000, do: 'cancel', order: 'wall' },
      { at: 20_020, do: 'order', side: 'SELL', value: 1_500_000 },
      { at: 40_000, do: 'order', side: 'BUY', value: 1_500_000, distance: '-0.1%', name: 'sweep' },
      { at: 41_000, do: 'cancel', order: 'sweep' },
    ],
  },
  'empty-book': {
    description: 'No orders at all, and nobody who trades: the book is yours.',
    market: { orders: 0, takersPerMinute: 0 },
  },
};
