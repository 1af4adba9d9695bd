/** Values of instruments' rules as administrators write and read them, by what they are in. */
import { INSTRUMENT_RULE, INSTRUMENT_RULES, type InstrumentRuleName, type RuleUnit } from '@outcry/market/rules';
import { PERMISSION } from '@outcry/market/states';
import { readDecimal } from '../../core/administration.ts';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import { code, decimal, instrumentNamed, named, whole } from './input.ts';

interface Notation {
  /** Throws ApiError with the rule's name. */
  read(services: Services, instrument: Instrument, name: string, value: unknown): number;
  show(services: Services, instrument: Instrument, value: number): string | number | null;
}

const number: Notation = {
  read: (_services, _instrument, name, value) => whole(name, value),
  show: (_services, _instrument, value) => value,
};

/** Decimal strings at this edge; 0 and null switch a limit off. */
function decimalBy(
  parse: (instrument: Instrument, text: string) => number,
  format: (instrument: Instrument, value: number) => string,
): Notation {
  return {
    read: (_services, instrument, name, value) => readDecimal(() => parse(instrument, decimal(name, value))),
    show: (_services, instrument, value) => (value === 0 ? null : format(instrument, value)),
  };
}

const STATUS_NAMES = Object.keys(PERMISSION);

const NOTATIONS: Record<RuleUnit, Notation> = {
  status: {
    read: (_services, _instrument, name, value) => code(PERMISSION, name, value),
    show: (_services, _instrument, value) => STATUS_NAMES[value],
  },
  price: decimalBy(
    (instrument, text) => instrument.parsePrice(text),
    (instrument, ticks) => instrument.formatPrice(ticks),
  ),
  quantity: decimalBy(
    (instrument, text) => instrument.parseQuantity(text),
    (instrument, lots) => instrument.formatQuantity(lots),
  ),
  amount: decimalBy(
    ({ quote }, text) => quote.parse(text),
    ({ quote }, units) => quote.format(units),
  ),
  ppm: number,
  percent: number,
  count: number,
  microseconds: number,
  instrument: {
    read: (services, _instrument, name, value) => instrumentNamed(services, named(name, value)).number + 1,
    show: ({ market }, _instrument, value) => (value === 0 ? null : market.instruments[value - 1].symbol),
  },
};

/** A rule's value from a request. Throws ApiError. */
export function ruleValue(services: Services, instrument: Instrument, name: InstrumentRuleName, value: unknown): number {
  const { unit } = INSTRUMENT_RULES[name];
  const isOff = value === 0 || value === '0' || value === null;
  return isOff && unit !== 'status' ? 0 : NOTATIONS[unit].read(services, instrument, name, value);
}

/** The rules of an instrument in force, as a request would set them. */
export function rulesJson(services: Services, instrument: Instrument): Record<string, string | number | null> {
  return Object.fromEntries(
    Object.entries(INSTRUMENT_RULES).map(([name, { unit, number }]) => [
      name,
      NOTATIONS[unit].show(services, instrument, services.rules.instrument(instrument.number, number)),
    ]),
  );
}

/** Throws ApiError for a name that no rule has. */
export function ruleNamed(name: string): InstrumentRuleName {
  code(INSTRUMENT_RULE, 'rule', name);
  return name as InstrumentRuleName;
}
