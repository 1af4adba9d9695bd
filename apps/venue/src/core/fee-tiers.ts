/** Fee tiers by what accounts traded in the last days, looked at every hour. */
import { COMMAND, commandHead } from '@outcry/market/command';
import { ACCOUNT_RULE } from '@outcry/market/rules';
import { ConfigError, type FeeTiers } from '../domain/config.ts';
import type { Market } from '../domain/market.ts';
import type { CommandFields } from '../spine/commands.ts';
import type { HistoryReader } from '../store/history-reader.ts';

/** What is read of trades. */
type TradeReader = Pick<HistoryReader, 'tradeAt' | 'volumePage'>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_TIERS = 15;

/** The tier, from 1, that a volume reaches; 0: none. @param steps lowest volume of each, ascending */
export function tierOf(volume: number, steps: readonly number[]): number {
  return steps.filter((step) => volume >= step).length;
}

/** Trades of a page: a fraction of a second, then others' questions are answered. */
const PAGE_ROWS = 10_000;

/** What each account traded since a time, in quote units. Each trade is read twice: when it comes in, and when it is too long ago. */
export class TrailingVolumes {
  readonly byAccount = new Map<number, bigint>();
  readonly #history: TradeReader;
  readonly #pageRows: number;
  /** by instrument: the last trade that is counted, and the last that is not counted any more; -1: not known yet */
  readonly #counted: { instrument: number; last: number; gone: number }[];

  constructor(instruments: readonly number[], history: TradeReader, pageRows = PAGE_ROWS) {
    this.#history = history;
    this.#pageRows = pageRows;
    this.#counted = instruments.map((instrument) => ({ instrument, last: -1, gone: -1 }));
  }

  /** Rejects when history cannot be read; called again, it goes on where it was. @param since microseconds since 1970 */
  async update(since: number): Promise<void> {
    for (const counted of this.#counted) {
      if (counted.last < 0) counted.last = counted.gone = Math.max(0, (await this.#history.tradeAt(counted.instrument, since)) - 1);
      await this.#count(counted, 'last', 1n, Number.MAX_SAFE_INTEGER);
      await this.#count(counted, 'gone', -1n, since);
    }
  }

  async #count(
    counted: { instrument: number; last: number; gone: number },
    end: 'last' | 'gone',
    sign: bigint,
    until: number,
  ): Promise<void> {
    for (let isEnd = false; !isEnd; ) {
      const page = await this.#history.volumePage(counted.instrument, counted[end], until, this.#pageRows);
      for (const [account, volume] of page.volumes) this.byAccount.set(account, (this.byAccount.get(account) ?? 0n) + sign * volume);
      counted[end] = page.last;
      isEnd = page.isEnd;
    }
  }
}

/**
 * Gives accounts the fee tier that they have traded for: every hour, what each traded in the last days, as maker and as taker, on
 * instruments quoted in one asset. Tiers are commands like any other: the engine itself adds up nothing.
 */
export class FeeTierJob {
  readonly #steps: readonly number[];
  readonly #given = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #work: () => Promise<void>;

  constructor(
    tiers: FeeTiers,
    market: Market,
    history: TradeReader,
    submit: (fields: CommandFields) => Promise<unknown>,
    onError: (e: Error) => void,
  ) {
    const asset = market.asset(tiers.asset);
    if (asset === undefined) throw new ConfigError(`feeTiers: there is no asset '${tiers.asset}'`);
    if (tiers.tiers.length === 0 || tiers.tiers.length > MOST_TIERS) throw new ConfigError(`feeTiers: 1 to ${MOST_TIERS} tiers`);
    this.#steps = tiers.tiers.map(({ volume }) => asset.parse(volume));
    if (this.#steps.some((step, i) => i > 0 && step <= this.#steps[i - 1])) throw new ConfigError('feeTiers: volumes must rise');
    const instruments = market.instruments.filter(({ quote }) => quote === asset).map(({ number }) => number);
    const volumes = new TrailingVolumes(instruments, history);
    let isDefined = false;
    this.#work = async () => {
      for (const [i, { makerFeePpm: price, takerFeePpm: quantity }] of isDefined ? [] : [...tiers.tiers.entries()])
        await submit({ head: commandHead(COMMAND.DEFINE_FEE_TIER), account: i + 1, price, quantity });
      isDefined = true;
      await volumes.update((Date.now() - tiers.days * DAY_MS) * 1000);
      for (const [account, volume] of volumes.byAccount) {
        const tier = tierOf(Number(volume), this.#steps);
        if (this.#given.get(account) === tier) continue;
        await submit({ head: commandHead(COMMAND.SET_ACCOUNT_RULE), account, slot: ACCOUNT_RULE.FEE_TIER, amount: tier });
        this.#given.set(account, tier);
      }
    };
    const run = () => void this.#work().catch(onError);
    run();
    this.#timer = setInterval(run, HOUR_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
