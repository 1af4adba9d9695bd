/** What a market's definitions allow, and its operator can hardly want. */
import { feeOf } from '@outcry/ledger/ledger';
import { WHOLE } from '@outcry/market/rules';
import type { VenueConfig } from './config-schema.ts';
import { Asset, Instrument } from './market.ts';

/** A fee is worth a warning from this share of what is received, where rounding at least doubles it. */
const LEAST_SHARE = 0.01;
const GROWS_TO = 2;

/**
 * Of definitions that are valid: a text each. A fee on one lot is taken in units of the base asset, and rounded up to a whole one.
 * @param sparesBuyers whether an instrument's rules say that its buyers pay nothing
 */
export function marketWarnings(
  { assets, instruments, feeTiers }: Pick<VenueConfig, 'assets' | 'instruments' | 'feeTiers'>,
  sparesBuyers: (instrument: number) => boolean = () => false,
): string[] {
  const known = assets.map((definition, number) => new Asset(number, definition));
  const tiers = feeTiers?.tiers ?? [];
  return instruments.flatMap((definition, number) => {
    if (sparesBuyers(number)) return [];
    const { symbol, base, lotUnits } = new Instrument(number, definition, known);
    const rates = [definition, ...tiers].flatMap(({ makerFeePpm, takerFeePpm }) => [makerFeePpm, takerFeePpm]);
    const worst = Math.max(...rates.filter((rate) => isEaten(lotUnits, rate)));
    if (worst === Number.NEGATIVE_INFINITY) return [];
    const share = Math.round((feeOf(lotUnits, worst) / lotUnits) * 100);
    return [
      `${symbol}: a buyer of one lot (${definition.lot} ${base.name}) pays ${share} % of it, as the fee of ${worst / 10_000} % is rounded up ` +
        `to a whole unit of ${base.name}: give ${base.name} a larger scale, or ${symbol} a larger lot or no fees, or set its rule BUYER_DISCOUNT to ${WHOLE}`,
    ];
  });
}

function isEaten(lotUnits: number, rate: number): boolean {
  if (rate <= 0) return false;
  const share = feeOf(lotUnits, rate) / lotUnits;
  return share >= LEAST_SHARE && share >= (GROWS_TO * rate) / WHOLE;
}
