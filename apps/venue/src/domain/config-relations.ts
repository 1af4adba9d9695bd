/** What a configuration's keys have to do with each other, and with the files that they name: what its schema cannot say. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { DecimalError } from '@outcry/market/decimal';
import { type Path, type Problem, shown } from './config-check.ts';
import type { VenueConfig } from './config-schema.ts';
import { Asset, DefinitionError, Instrument } from './market.ts';

/** Of keys that agree with the schema. @param isSound whether a key of the outermost level does */
export function relationProblems(config: VenueConfig, isSound: (key: keyof VenueConfig) => boolean): Problem[] {
  const checks: [(config: VenueConfig) => Problem[], ...(keyof VenueConfig)[]][] = [
    [nothingProblems, 'assets', 'instruments'],
    [marketProblems, 'assets', 'instruments'],
    [countProblems, 'assets', 'instruments', 'limits'],
    [scheduleProblems, 'instruments', 'schedule'],
    [tierProblems, 'assets', 'feeTiers'],
    [portProblems, 'port', 'grpc', 'fix', 'ouch', 'itch'],
    [originProblems, 'origins'],
    [fileProblems, 'storeFile', 'sharedStateFile', 'operatorKeyFile'],
    [tlsProblems, 'tls'],
  ];
  return checks.flatMap(([check, ...keys]) => (keys.every(isSound) ? check(config) : []));
}

function nothingProblems({ assets, instruments }: VenueConfig): Problem[] {
  return assets.length > 0 && instruments.length > 0 ? [] : [{ path: [], text: 'nothing to trade: give assets and instruments' }];
}

function marketProblems({ assets, instruments }: VenueConfig): Problem[] {
  const problems = [...twice('assets', 'name', assets), ...twice('instruments', 'symbol', instruments)];
  const known = assets.map((definition, number) => new Asset(number, definition));
  for (const [i, definition] of instruments.entries()) {
    try {
      new Instrument(i, definition, known);
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      for (const { key, text } of error.faults)
        problems.push({ path: ['instruments', i, ...key.split('.')], text: `${text} (instrument ${definition.symbol})` });
    }
  }
  return problems;
}

function twice<K extends string>(list: string, key: K, entries: readonly Record<K, string>[]): Problem[] {
  return entries.flatMap((entry, i) => {
    const first = entries.findIndex((other) => other[key] === entry[key]);
    return first === i ? [] : [{ path: [list, i, key], text: `: ${shown(entry[key])} is the ${key} of ${list}[${first}] already` }];
  });
}

function countProblems(config: VenueConfig): Problem[] {
  return (['assets', 'instruments'] as const).flatMap((kind) => {
    const [count, most] = [config[kind].length, config.limits[kind]];
    return count > most ? [{ path: ['limits', kind], text: `: ${most} is less than the ${count} ${kind} that are defined` }] : [];
  });
}

function scheduleProblems({ schedule, instruments }: VenueConfig): Problem[] {
  return schedule.flatMap(({ symbol }, i) =>
    symbol === undefined || instruments.some((instrument) => instrument.symbol === symbol)
      ? []
      : [{ path: ['schedule', i, 'symbol'], text: `: there is no instrument ${shown(symbol)}` }],
  );
}

function tierProblems({ assets, feeTiers }: VenueConfig): Problem[] {
  if (feeTiers === undefined) return [];
  const number = assets.findIndex(({ name }) => name === feeTiers.asset);
  if (number < 0) return [{ path: ['feeTiers', 'asset'], text: `: there is no asset ${shown(feeTiers.asset)}` }];
  const asset = new Asset(number, assets[number]);
  const problems: Problem[] = [];
  let before = -1;
  for (const [i, { volume }] of feeTiers.tiers.entries()) {
    const path: Path = ['feeTiers', 'tiers', i, 'volume'];
    try {
      const units = asset.parse(volume);
      if (units <= before) problems.push({ path, text: `: ${shown(volume)} is not more than the volume of the tier before it` });
      before = units;
    } catch (error) {
      if (!(error instanceof DecimalError)) throw error;
      problems.push({ path, text: `: ${error.message}` });
    }
  }
  return problems;
}

/** TCP ports that two doors are to listen on. */
function portProblems({ port, grpc, fix, ouch, itch }: VenueConfig): Problem[] {
  const ports: [Path, number | undefined][] = [
    [['port'], port],
    [['grpc', 'port'], grpc?.port],
    [['fix', 'port'], fix?.port],
    [['ouch', 'port'], ouch?.port],
    [['itch', 'glimpsePort'], itch?.glimpsePort],
  ];
  return ports.flatMap(([path, number], i) => {
    const other = ports.slice(0, i).find(([, taken]) => number !== undefined && number > 0 && taken === number);
    return other === undefined ? [] : [{ path, text: `: ${number} is the port of ${other[0].join('.')} already` }];
  });
}

function originProblems({ origins }: VenueConfig): Problem[] {
  return origins.flatMap((origin, i) => {
    const read = URL.parse(origin)?.origin;
    if (read === origin) return [];
    return [{ path: ['origins', i], text: `: ${shown(origin)} is not as browsers send it${read === undefined ? '' : `: ${shown(read)}`}` }];
  });
}

function fileProblems(config: VenueConfig): Problem[] {
  return (['storeFile', 'sharedStateFile', 'operatorKeyFile'] as const).flatMap((key) => {
    const file = config[key];
    const isDirectory = file !== undefined && fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
    return isDirectory ? [{ path: [key], text: `: ${shown(file)} is a directory, where a file belongs` }] : [];
  });
}

function tlsProblems({ tls }: VenueConfig): Problem[] {
  if (tls === undefined) return [];
  const problems: Problem[] = [];
  const read = <T>(key: 'cert' | 'key', what: string, parse: (pem: Buffer) => T): T | undefined => {
    const file = tls[key];
    try {
      return parse(fs.readFileSync(file));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isUnread = /^E[A-Z]+$/.test(code ?? '');
      problems.push({ path: ['tls', key], text: `: ${shown(file)} ${isUnread ? 'cannot be read' : `holds no ${what}`} (${message})` });
      return undefined;
    }
  };
  const certificate = read('cert', 'certificate in PEM', (pem) => new crypto.X509Certificate(pem));
  const key = read('key', 'private key in PEM, without a passphrase', (pem) => crypto.createPrivateKey(pem));
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key))
    problems.push({ path: ['tls', 'key'], text: `: ${shown(tls.key)} is not the key of the certificate in tls.cert (${shown(tls.cert)})` });
  return problems;
}
