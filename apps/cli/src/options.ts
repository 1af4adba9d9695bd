/** Options that several commands have, and how their values are read. */
import { DEFAULTS } from '@outcry/venue/domain/config';
import { InvalidArgumentError } from 'commander';

/** Where a venue listens when nothing else is said. */
export const DEFAULT_URL = `http://${DEFAULTS.host}:${DEFAULTS.port}`;

/** Reads a whole number of a range. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`a whole number from ${least} to ${most}`);
    return value;
  };
}
