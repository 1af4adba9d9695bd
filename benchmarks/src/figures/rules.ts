/** The figure `rules`. */
import { runChild } from '../child.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import type { RulesRun } from './rules-run.ts';

const FEW = 1000;
const MANY = 1_000_000;
const AUCTIONED = 1_000_000;
const GOAL_AUCTION_MS = 500;
/** log2(1,000,000) / log2(1,000): what O(log n) allows. */
const GOAL_GROWTH = 2;

/** What the rule book costs: trades under resting stops and trailing stops, firing them, a call auction. */
export async function benchRules(options: FigureOptions): Promise<Report> {
  const few: RulesRun[] = [];
  const many: RulesRun[] = [];
  for (let run = 0; run < options.runs; run++) {
    few.push((await runChild<RulesRun>('figures/rules-run.ts', [FEW, 1000])).result);
    many.push((await runChild<RulesRun>('figures/rules-run.ts', [MANY, AUCTIONED])).result);
    options.onProgress((run + 1) / options.runs);
  }
  if (![...few, ...many].every(({ correct }) => correct)) throw new Error('stops, trades or assets were lost');
  const row = (what: string, runs: RulesRun[], value: (run: RulesRun) => number) => {
    const { median, min, max } = range(runs.map(value), 0);
    return [what, median, min, max];
  };
  const rows = [
    row(`ns a trade, ${FEW} stops resting`, few, (r) => r.nsPerTrade),
    row(`ns a trade, ${MANY} stops resting`, many, (r) => r.nsPerTrade),
    row(`ns a trade at a new high, ${FEW} trailing stops`, few, (r) => r.nsPerTrailedTrade),
    row(`ns a trade at a new high, ${MANY} trailing stops`, many, (r) => r.nsPerTrailedTrade),
    row(`ns to fire a stop and rest its order, of ${MANY}`, many, (r) => r.nsPerFiring),
    row(`ms to uncross ${AUCTIONED} orders`, many, (r) => r.auctionMs),
  ];
  const growth = Number(rows[1][1]) / Number(rows[0][1]);
  const trailGrowth = Number(rows[3][1]) / Number(rows[2][1]);
  const auction = Number(rows[5][1]);
  return {
    benchmark: 'rules',
    title: 'Rule book: triggers, trailing stops, call auction',
    machine: machine(),
    columns: ['figure', 'median', 'min', 'max'],
    rows,
    goals: [
      {
        goal: 'O(log n) or better: a trade under a thousand times the stops at most twice as dear',
        measured: `${growth.toFixed(2)} times`,
        met: growth <= GOAL_GROWTH,
      },
      { goal: 'the same for trailing stops, all moving', measured: `${trailGrowth.toFixed(2)} times`, met: trailGrowth <= GOAL_GROWTH },
      { goal: `a million orders uncross in under ${GOAL_AUCTION_MS} ms`, measured: `${auction} ms`, met: auction < GOAL_AUCTION_MS },
    ],
    notes: [`A trade is two commands. The auction made ${many[0].auctionTrades} trades.`],
  };
}
