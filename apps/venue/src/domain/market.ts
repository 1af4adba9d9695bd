import { DecimalError, formatBigUnits, formatUnits, parseUnits } from '@outcry/market/decimal';
import { MAX_PRICE, MAX_QUANTITY } from '@outcry/market/order-terms';
import { WHOLE } from '@outcry/market/rules';

export interface AssetDefinition {
  name: string;
  /** decimal places of one unit */
  scale: number;
}

/** An instrument as the operator writes it: decimals as strings. */
export interface InstrumentDefinition {
  symbol: string;
  base: string;
  quote: string;
  tick: string;
  lot: string;
  minNotional: string;
  /** fees in parts per million */
  makerFeePpm: number;
  takerFeePpm: number;
  /** what the price is measured against before there are trades */
  referencePrice: string;
  maxQuantity?: string;
  maxNotional?: string;
  /** how far from the average price of the last 5 minutes an order may be: factors, by side */
  percentPrice?: { bidUp: string; bidDown: string; askUp: string; askDown: string };
}

const DEFAULT_PERCENT_PRICE = { bidUp: '5', bidDown: '0.2', askUp: '5', askDown: '0.2' };

/** Decimal places that clients see for every asset, as Binance has it. */
export const SHOWN_PLACES = 8;

/** ITCH and OUCH: letters of a symbol, implied decimals of a price. */
const WIRE_LETTERS = 8;
const WIRE_PLACES = 4;

export class DefinitionError extends Error {}

export class Asset {
  readonly number: number;
  readonly name: string;
  readonly scale: number;

  constructor(number: number, definition: AssetDefinition) {
    if (!/^[A-Z0-9]{1,12}$/.test(definition.name))
      throw new DefinitionError(`asset '${definition.name}': a name has 1 to 12 of A-Z and 0-9`);
    if (!Number.isInteger(definition.scale) || definition.scale < 0 || definition.scale > SHOWN_PLACES) {
      throw new DefinitionError(`asset ${definition.name}: scale ${definition.scale} is not 0 to ${SHOWN_PLACES}`);
    }
    this.number = number;
    this.name = definition.name;
    this.scale = definition.scale;
  }

  parse(text: string): number {
    return parseUnits(text, this.scale);
  }

  /** With the places that clients see. */
  format(units: number | bigint): string {
    const text = formatExact(units, this.scale);
    return this.scale === SHOWN_PLACES ? text : `${this.scale === 0 ? `${text}.` : text}${'0'.repeat(SHOWN_PLACES - this.scale)}`;
  }
}

/** An instrument with all conversions between decimal strings and the engine's integers: exact both ways. */
export class Instrument {
  readonly number: number;
  readonly symbol: string;
  readonly base: Asset;
  readonly quote: Asset;
  readonly definition: Required<InstrumentDefinition>;
  /** quote units per tick and lot, base units per lot */
  readonly unit: number;
  readonly lotUnits: number;
  readonly minNotional: number;
  readonly maxNotional: number;
  readonly maxQuantity: number;
  readonly referencePrice: number;
  /** parts per million */
  readonly bands: { bidUp: number; bidDown: number; askUp: number; askDown: number };
  readonly pricePlaces: number;
  readonly quantityPlaces: number;
  readonly #tickUnits: number;
  readonly #lotSteps: number;

  constructor(number: number, definition: InstrumentDefinition, assets: readonly Asset[]) {
    const fail = (why: string): never => {
      throw new DefinitionError(`instrument ${definition.symbol}: ${why}`);
    };
    const asset = (name: string) => assets.find((a) => a.name === name) ?? fail(`unknown asset ${name}`);
    if (!/^[A-Z0-9]{1,20}$/.test(definition.symbol)) fail('a symbol has 1 to 20 of A-Z and 0-9');
    this.number = number;
    this.symbol = definition.symbol;
    this.base = asset(definition.base);
    this.quote = asset(definition.quote);
    if (this.base === this.quote) fail('base and quote are the same asset');
    for (const name of ['makerFeePpm', 'takerFeePpm'] as const) {
      const fee = definition[name];
      if (!(Number.isInteger(fee) && fee >= 0 && fee <= WHOLE)) fail(`${name} must be a whole number from 0 to ${WHOLE}`);
    }
    this.pricePlaces = placesOf(definition.tick);
    this.quantityPlaces = placesOf(definition.lot);
    this.#tickUnits = parseUnits(definition.tick, this.pricePlaces);
    this.#lotSteps = parseUnits(definition.lot, this.quantityPlaces);
    if (this.#tickUnits === 0 || this.#lotSteps === 0) fail('tick and lot must be positive');
    if (this.quantityPlaces > this.base.scale) fail(`a lot of ${definition.lot} is not a whole number of ${this.base.name} units`);
    this.lotUnits = this.#lotSteps * 10 ** (this.base.scale - this.quantityPlaces);
    const unit = this.#tickUnits * this.#lotSteps * 10 ** (this.quote.scale - this.pricePlaces - this.quantityPlaces);
    if (!Number.isInteger(unit))
      fail(`one tick x one lot (${definition.tick} x ${definition.lot}) is not a whole number of ${this.quote.name} units`);
    this.unit = unit;
    this.minNotional = this.quote.parse(definition.minNotional);
    this.maxQuantity = definition.maxQuantity === undefined ? MAX_QUANTITY : this.parseQuantity(definition.maxQuantity);
    this.maxNotional = definition.maxNotional === undefined ? Number.MAX_SAFE_INTEGER : this.quote.parse(definition.maxNotional);
    this.referencePrice = this.parsePrice(definition.referencePrice);
    const percentPrice = definition.percentPrice ?? DEFAULT_PERCENT_PRICE;
    this.bands = {
      bidUp: parseUnits(percentPrice.bidUp, 6),
      bidDown: parseUnits(percentPrice.bidDown, 6),
      askUp: parseUnits(percentPrice.askUp, 6),
      askDown: parseUnits(percentPrice.askDown, 6),
    };
    this.definition = {
      ...definition,
      percentPrice,
      maxQuantity: this.formatQuantity(this.maxQuantity),
      maxNotional: this.quote.format(this.maxNotional),
    };
  }

  /** Ticks. Throws DecimalError: also `too_precise` when the price is no whole number of ticks, `out_of_range` outside 1 to the highest. */
  parsePrice(text: string): number {
    return steps(text, this.pricePlaces, this.#tickUnits, MAX_PRICE);
  }

  /** Lots. Throws DecimalError, as {@link parsePrice}. */
  parseQuantity(text: string): number {
    return steps(text, this.quantityPlaces, this.#lotSteps, MAX_QUANTITY);
  }

  formatPrice(ticks: number): string {
    return pad(formatUnits(ticks * this.#tickUnits, this.pricePlaces), this.pricePlaces);
  }

  /** Also of sums over many orders or trades, however large. */
  formatQuantity(lots: number | bigint): string {
    const steps = Number(lots) * this.#lotSteps;
    const exactly = Number.isSafeInteger(steps) ? steps : BigInt(lots) * BigInt(this.#lotSteps);
    return pad(formatExact(exactly, this.quantityPlaces), this.quantityPlaces);
  }

  /** The symbol in protocols that have eight letters for it: longer ones are `#` and the instrument's number. */
  get wireSymbol(): string {
    return this.symbol.length <= WIRE_LETTERS ? this.symbol : `#${this.number}`;
  }

  /** What a tick is in protocols with four implied decimals; 0: it is less than that. */
  get wireTick(): number {
    return this.pricePlaces <= WIRE_PLACES ? this.#tickUnits * 10 ** (WIRE_PLACES - this.pricePlaces) : 0;
  }
}

function formatExact(units: number | bigint, places: number): string {
  return typeof units === 'bigint' ? formatBigUnits(units, places) : formatUnits(units, places);
}

function pad(text: string, places: number): string {
  return (places === 0 ? `${text}.` : text) + '0'.repeat(Math.max(0, SHOWN_PLACES - places));
}

function placesOf(step: string): number {
  const fraction = step.split('.')[1]?.replace(/0+$/, '') ?? '';
  return fraction.length;
}

function steps(text: string, places: number, step: number, most: number): number {
  const units = parseUnits(text, places);
  if (units % step !== 0) throw new DecimalError('too_precise', `'${text}' is not a multiple of the step`);
  if (units < step || units / step > most) throw new DecimalError('out_of_range', `'${text}' is out of range`);
  return units / step;
}

/** All assets and instruments of a venue. */
export class Market {
  readonly assets: readonly Asset[];
  readonly instruments: readonly Instrument[];
  readonly #bySymbol: Map<string, Instrument>;

  constructor(assets: readonly AssetDefinition[], instruments: readonly InstrumentDefinition[]) {
    this.assets = assets.map((definition, number) => new Asset(number, definition));
    this.instruments = instruments.map((definition, number) => new Instrument(number, definition, this.assets));
    this.#bySymbol = new Map(this.instruments.map((instrument) => [instrument.symbol, instrument]));
    if (new Set(this.assets.map(({ name }) => name)).size !== assets.length) throw new DefinitionError('two assets have the same name');
    if (this.#bySymbol.size !== instruments.length) throw new DefinitionError('two instruments have the same symbol');
  }

  find(symbol: string): Instrument | undefined {
    return this.#bySymbol.get(symbol);
  }

  asset(name: string): Asset | undefined {
    return this.assets.find((asset) => asset.name === name);
  }
}
