/** Assets and instruments as the configuration defines them, compared with what the journal holds. */
import { isDeepStrictEqual } from 'node:util';
import { COMMAND, commandHead } from '@outcry/market/command';
import { REASON, REASON_NAMES } from '@outcry/market/reason';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import { ConfigError, type VenueConfig } from '../domain/config.ts';
import type { Asset, AssetDefinition, Instrument, InstrumentDefinition, Market } from '../domain/market.ts';
import type { CommandFields } from '../spine/commands.ts';
import type { Registry } from './accounts/registry.ts';

/** How many of each the engine has: those after them may be in the registry, of a start that ended in between. */
interface Defined {
  assets: number;
  instruments: number;
}

/** The engine's part of a definition, which cannot be changed, and all of it in the registry, filters included, to compare with. */
interface Definitions {
  assets: readonly AssetDefinition[];
  instruments: readonly InstrumentDefinition[];
}

const DEFINED = 'market';
const NONE: Defined = { assets: 0, instruments: 0 };

/** Compares the configuration with what the journal holds. Throws ConfigError where they differ. */
export function compareMarket(registry: Registry, config: VenueConfig): void {
  for (const kind of ['assets', 'instruments'] as const) {
    const [count, most] = [config[kind].length, config.limits[kind]];
    if (count > most) throw new ConfigError(`limits.${kind} is ${most}, and ${count} ${kind} are defined`);
  }
  compare(registry, 'asset', config.assets);
  compare(registry, 'instrument', config.instruments);
}

/** Journals what is new in a configuration that {@link compareMarket} passed. */
export async function defineMarket(
  registry: Registry,
  market: Market,
  config: VenueConfig,
  submit: (fields: CommandFields) => Promise<{ readonly reason: number }>,
): Promise<void> {
  const known = (registry.get(DEFINED) as Defined | undefined) ?? NONE;
  const { assets, instruments } = config;
  if (known.assets === assets.length && known.instruments === instruments.length) return;
  // First what is to be compared with, then what it says, then that it was said: an end in between is mended by the next start.
  await keepAll(registry, { assets, instruments });
  const define = async (what: string, fields: CommandFields) => {
    const { reason } = await submit(fields);
    // Of a start that ended before it noted what is defined, the engine has some already.
    if (reason !== 0 && reason !== REASON.INVALID_DEFINITION) throw new Error(`the engine takes no ${what}: ${REASON_NAMES[reason]}`);
  };
  for (const asset of market.assets.slice(known.assets)) await define(`asset ${asset.name}`, defineAsset(asset));
  for (const instrument of market.instruments.slice(known.instruments)) {
    await define(`instrument ${instrument.symbol}`, defineInstrument(instrument));
    await define(`reference price of ${instrument.symbol}`, setReference(instrument));
  }
  await registry.put(DEFINED, { assets: assets.length, instruments: instruments.length } satisfies Defined);
}

/** Keeps definitions that the engine has already. */
export async function keepDefinitions(registry: Registry, definitions: Definitions): Promise<void> {
  const { assets, instruments } = definitions;
  await keepAll(registry, definitions);
  await registry.put(DEFINED, { assets: assets.length, instruments: instruments.length } satisfies Defined);
}

async function keepAll(registry: Registry, { assets, instruments }: Definitions): Promise<void> {
  for (const [kind, all] of [['asset', assets] as const, ['instrument', instruments] as const]) {
    for (const [i, definition] of all.entries())
      if (registry.get(`${kind}/${i}`) === undefined) await registry.put(`${kind}/${i}`, definition);
  }
}

function compare(registry: Registry, kind: 'asset' | 'instrument', definitions: readonly object[]): void {
  for (const [number, known] of registry.under(`${kind}/`)) {
    const wanted = JSON.parse(JSON.stringify(definitions[Number(number)] ?? null)) as Record<string, unknown> | null;
    if (!isDeepStrictEqual(known, wanted))
      throw new ConfigError(
        `${difference(`${kind}s[${number}]`, known as Record<string, unknown>, wanted)}: a definition cannot be changed or removed. For another market, give another data directory (--data)`,
      );
  }
}

/** What of a definition is not as the data directory has it. */
function difference(path: string, known: Record<string, unknown>, wanted: Record<string, unknown> | null): string {
  if (wanted === null) return `${path} (${known['symbol'] ?? known['name']}) of the data directory is not defined any more`;
  const keys = [...new Set([...Object.keys(known), ...Object.keys(wanted)])].filter((key) => !isDeepStrictEqual(known[key], wanted[key]));
  const text = (value: unknown) => (value === undefined ? 'not there' : JSON.stringify(value));
  return keys.map((key) => `${path}.${key}: ${text(wanted[key])}, and ${text(known[key])} in the data directory`).join('; ');
}

function defineAsset({ number, scale, name }: Asset): CommandFields {
  return { head: commandHead(COMMAND.DEFINE_ASSET), asset: number, quantity: scale, text: name };
}

function defineInstrument({ number, base, quote, definition, lotUnits, unit, symbol }: Instrument): CommandFields {
  return {
    head: commandHead(COMMAND.DEFINE_INSTRUMENT),
    instrument: number,
    account: base.number,
    asset: quote.number,
    price: definition.makerFeePpm,
    quantity: definition.takerFeePpm,
    amount: lotUnits,
    unit,
    text: symbol,
  };
}

/** What bands are measured from until an operator or an auction says otherwise. */
function setReference({ number, referencePrice }: Instrument): CommandFields {
  return {
    head: commandHead(COMMAND.SET_INSTRUMENT_RULE),
    instrument: number,
    asset: INSTRUMENT_RULE.REFERENCE_PRICE,
    amount: referencePrice,
  };
}
