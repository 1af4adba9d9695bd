import { COMMAND, commandHead } from '@outcry/market/command';
import { ACCOUNT_RULE } from '@outcry/market/rules';
import type { History } from '../store/history.ts';
import type { CommandFields } from './commands.ts';
import { ConfigError, type FeeTiers } from './config.ts';
import type { Market } from './market.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_TIERS = 15;

/** The tier, from 1, that a volume reaches; 0: none. @param steps lowest volume of each, ascending */
export function tierOf(volume: number, steps: readonly number[]): number {
  return steps.filter((step) => volume >= step).length;
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
    history: History,
    submit: (fields: CommandFields) => Promise<unknown>,
    onError: (e: Error) => void,
  ) {
    const asset = market.asset(tiers.asset);
    if (asset === undefined) throw new ConfigError(`feeTiers: there is no asset '${tiers.asset}'`);
    if (tiers.tiers.length === 0 || tiers.tiers.length > MOST_TIERS) throw new ConfigError(`feeTiers: 1 to ${MOST_TIERS} tiers`);
    this.#steps = tiers.tiers.map(({ volume }) => asset.parse(volume));
    if (this.#steps.some((step, i) => i > 0 && step <= this.#steps[i - 1])) throw new ConfigError('feeTiers: volumes must rise');
    const instruments = market.instruments.filter(({ quote }) => quote === asset).map(({ number }) => number);
    let isDefined = false;
    this.#work = async () => {
      for (const [i, { makerFeePpm: price, takerFeePpm: quantity }] of isDefined ? [] : [...tiers.tiers.entries()])
        await submit({ head: commandHead(COMMAND.DEFINE_FEE_TIER), account: i + 1, price, quantity });
      isDefined = true;
      for (const [account, volume] of history.volumes(instruments, (Date.now() - tiers.days * DAY_MS) * 1000)) {
        const tier = tierOf(volume, this.#steps);
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
