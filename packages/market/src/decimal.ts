/**
 * Decimal strings to whole units and back, exactly: no float on the way. Used at the edges only.
 */

export class DecimalError extends Error {
  readonly code: 'malformed' | 'too_precise' | 'out_of_range';
  constructor(code: DecimalError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const PLAIN = /^(\d{1,20})(?:\.(\d{1,20}))?$/;

/**
 * Units of 10^-places in a plain non-negative decimal ("12.5", places 2: 1250). No sign, no exponent.
 * Throws {@link DecimalError}: `malformed`, `too_precise` (a non-zero digit beyond `places`) or `out_of_range` (above 2^53 - 1).
 */
export function parseUnits(text: string, places: number): number {
  const match = PLAIN.exec(text);
  if (match === null) throw new DecimalError('malformed', `'${text.slice(0, 48)}' is not a plain decimal number`);
  const fraction = match[2] ?? '';
  for (let i = places; i < fraction.length; i++) {
    if (fraction.charCodeAt(i) !== 48) throw new DecimalError('too_precise', `'${text}' has more than ${places} decimal places`);
  }
  const digits = match[1] + fraction.slice(0, places).padEnd(places, '0');
  const units = Number(digits);
  // Number() rounds above 2^53 - 1; anything rounded is above it too, so the test is exact.
  if (units > Number.MAX_SAFE_INTEGER) throw new DecimalError('out_of_range', `'${text}' is too large`);
  return units;
}

/** The decimal string of a whole number of units of 10^-places: formatUnits(1250, 2) is "12.50". */
export function formatUnits(units: number, places: number): string {
  const sign = units < 0 ? '-' : '';
  const digits = String(Math.abs(units)).padStart(places + 1, '0');
  if (places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** The product of two whole numbers as a BigInt-exact decimal of `places`: for notionals beyond 2^53 - 1 in reports. */
export function formatBigUnits(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const sign = units < 0n ? '-' : '';
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
