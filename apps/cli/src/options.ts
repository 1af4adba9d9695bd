/** Options that several commands have, and how their values are read. */
import { DEFAULTS } from '@outcry/venue/domain/config';
import { InvalidArgumentError, Option } from 'commander';
import { type Line, readLine } from './feed/line.ts';

/** Where a venue listens when nothing else is said. */
export const DEFAULT_URL = `http://${DEFAULTS.host}:${DEFAULTS.port}`;

/** Reads a whole number of a range. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

const DEFAULT_LINE: Line = { group: '239.255.80.1', port: 8090 };

/** An option that says where the datagrams of a capture go that is made from messages. */
export function captureLine(description: string): Option {
  const { group, port } = DEFAULT_LINE;
  return new Option('--line <group:port>', description).argParser(readLine).default([DEFAULT_LINE], `${group}:${port}`);
}
