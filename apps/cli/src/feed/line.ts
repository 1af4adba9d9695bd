import { ipv4 } from '@outcry/wire/packet';
import { InvalidArgumentError } from 'commander';

/** Where datagrams of a feed go. */
export interface Line {
  group: string;
  port: number;
}

/** Reads GROUP:PORT, one more each time the option is given. */
export function readLine(text: string, before: Line[] = []): Line[] {
  const match = /^([\d.]+):(\d{1,5})$/.exec(text);
  try {
    if (match !== null && ipv4(match[1]) > 0 && Number(match[2]) <= 65_535) return [...before, { group: match[1], port: Number(match[2]) }];
  } catch {
    // said below
  }
  throw new InvalidArgumentError('It must be GROUP:PORT, as 239.255.80.1:8090.');
}
