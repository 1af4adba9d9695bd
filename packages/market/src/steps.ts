/** Decimal strings as whole numbers of steps: prices in ticks, quantities in lots. */
import { DecimalError, formatBigUnits, formatUnits, parseUnits } from './decimal.ts';

/** A step, and how many there may be: exact both ways. */
export class Steps {
  /** decimal places of the step, without zeros at its end */
  readonly places: number;
  /** the step in units of 10^-places */
  readonly units: number;
  readonly #most: number;

  /** Throws DecimalError for a step that is no decimal, or 0. @param most steps */
  constructor(step: string, most: number) {
    this.places = (step.split('.')[1] ?? '').replace(/0+$/, '').length;
    this.units = parseUnits(step, this.places);
    if (this.units === 0) throw new DecimalError('out_of_range', `'${step}' must be positive`);
    this.#most = most;
  }

  /** Steps. Throws DecimalError: also `too_precise` for what is no whole number of them, `out_of_range` outside 1 to the most. */
  parse(text: string): number {
    const units = parseUnits(text, this.places);
    if (units % this.units !== 0) throw new DecimalError('too_precise', `'${text}' is not a multiple of the step, ${this.format(1)}`);
    const steps = units / this.units;
    if (steps < 1 || steps > this.#most)
      throw new DecimalError('out_of_range', `'${text}' is out of range: ${this.format(1)} to ${this.format(this.#most)}`);
    return steps;
  }

  /** Also of sums of many, however large. */
  format(steps: number | bigint): string {
    const units = Number(steps) * this.units;
    if (typeof steps === 'number' && Number.isSafeInteger(units)) return formatUnits(units, this.places);
    return formatBigUnits(BigInt(steps) * BigInt(this.units), this.places);
  }
}

/** Units of the base asset in a lot; no whole number where the lot is finer than the asset. @param scale decimal places of the asset */
export function unitsPerLot(lot: Steps, scale: number): number {
  return lot.units * 10 ** (scale - lot.places);
}

/** Units of the quote asset in one tick of one lot; no whole number where they are finer than the asset. @param scale of the asset */
export function unitsPerTickLot(tick: Steps, lot: Steps, scale: number): number {
  return tick.units * lot.units * 10 ** (scale - tick.places - lot.places);
}
