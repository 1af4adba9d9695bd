/** Assets and instruments as doors see them: names, scales, and decimal strings in and out. */
import { DecimalError, formatBigUnits, formatUnits, parseUnits } from '@outcry/market/decimal';
import { MAX_PRICE, MAX_QUANTITY } from '@outcry/market/order-terms';
import { WHOLE } from '@outcry/market/rules';
import { Steps, unitsPerLot, unitsPerTickLot } from '@outcry/market/steps';
import type { AssetDefinition, InstrumentDefinition } from './config-schema.ts';

export type { AssetDefinition, InstrumentDefinition };

/** As Binance has it. */
const DEFAULT_ICEBERG_PARTS = 10;
const DEFAULT_PERCENT_PRICE = { bidUp: '5', bidDown: '0.2', askUp: '5', askDown: '0.2' };

/** Decimal places that clients see for every asset, as Binance has it. */
const SHOWN_PLACES = 8;
/** Of a factor of the average price. */
const BAND_PLACES = 6;

/** ITCH and OUCH: letters of a symbol, implied decimals of a price. */
const WIRE_LETTERS = 8;
const WIRE_PLACES = 4;

const ONE = new Steps('1', MAX_QUANTITY);

/** What is wrong with a definition, and at which of its keys; all of an instrument's decimals at once. */
export class DefinitionError extends Error {
  readonly faults: readonly { key: string; text: string }[];

  constructor(of: string, faults: DefinitionError['faults']) {
    super(`${of}: ${faults.map(({ key, text }) => key + text).join('; ')}`);
    this.faults = faults;
  }
}

export class Asset {
  readonly number: number;
  readonly name: string;
  readonly scale: number;

  constructor(number: number, definition: AssetDefinition) {
    if (!/^[A-Z0-9]{1,12}$/.test(definition.name))
      throw new DefinitionError(`asset '${definition.name}'`, [{ key: 'name', text: ' has 1 to 12 of A-Z and 0-9' }]);
    if (!Number.isInteger(definition.scale) || definition.scale < 0 || definition.scale > SHOWN_PLACES) {
      throw new DefinitionError(`asset ${definition.name}`, [{ key: 'scale', text: ` ${definition.scale} is not 0 to ${SHOWN_PLACES}` }]);
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
  /** how often an iceberg may show a part of itself */
  readonly icebergParts: number;
  readonly referencePrice: number;
  /** parts per million */
  readonly bands: { bidUp: number; bidDown: number; askUp: number; askDown: number };
  readonly pricePlaces: number;
  readonly quantityPlaces: number;
  readonly #tick: Steps;
  readonly #lot: Steps;

  constructor(number: number, definition: InstrumentDefinition, assets: readonly Asset[]) {
    const { tick, lot } = definition;
    const of = `instrument ${definition.symbol}`;
    const fail = (key: string, text: string): never => {
      throw new DefinitionError(of, [{ key, text }]);
    };
    const asset = (key: 'base' | 'quote') =>
      assets.find((a) => a.name === definition[key]) ?? fail(key, `: unknown asset ${definition[key]}`);
    if (!/^[A-Z0-9]{1,20}$/.test(definition.symbol)) fail('symbol', ' has 1 to 20 of A-Z and 0-9');
    this.number = number;
    this.symbol = definition.symbol;
    this.base = asset('base');
    this.quote = asset('quote');
    if (this.base === this.quote) fail('base', ' and quote are the same asset');
    for (const key of ['makerFeePpm', 'takerFeePpm'] as const) {
      const fee = definition[key];
      if (!(Number.isInteger(fee) && fee >= 0 && fee <= WHOLE)) fail(key, ` must be a whole number from 0 to ${WHOLE}`);
    }
    const faults: { key: string; text: string }[] = [];
    const read = <T>(key: string, parse: () => T, instead: T): T => {
      try {
        return parse();
      } catch (error) {
        if (!(error instanceof DecimalError)) throw error;
        faults.push({ key, text: `: ${error.message}` });
        return instead; // nobody sees it
      }
    };
    const decimal = (key: string, parse: () => number) => read(key, parse, 1);
    const end = () => {
      if (faults.length > 0) throw new DefinitionError(of, faults);
    };
    this.#tick = read('tick', () => new Steps(tick, MAX_PRICE), ONE);
    this.#lot = read('lot', () => new Steps(lot, MAX_QUANTITY), ONE);
    end(); // the others are measured in them
    this.pricePlaces = this.#tick.places;
    this.quantityPlaces = this.#lot.places;
    if (this.quantityPlaces > this.base.scale) fail('lot', ` of ${lot} is not a whole number of ${this.base.name} units`);
    this.lotUnits = unitsPerLot(this.#lot, this.base.scale);
    const unit = unitsPerTickLot(this.#tick, this.#lot, this.quote.scale);
    if (!Number.isInteger(unit)) fail('tick', ` x one lot (${tick} x ${lot}) is not a whole number of ${this.quote.name} units`);
    this.unit = unit;
    const { minNotional, maxNotional, maxQuantity, referencePrice, percentPrice = DEFAULT_PERCENT_PRICE } = definition;
    this.icebergParts = definition.icebergParts ?? DEFAULT_ICEBERG_PARTS;
    this.minNotional = decimal('minNotional', () => this.quote.parse(minNotional));
    this.maxQuantity = maxQuantity === undefined ? MAX_QUANTITY : decimal('maxQuantity', () => this.parseQuantity(maxQuantity));
    this.maxNotional = maxNotional === undefined ? Number.MAX_SAFE_INTEGER : decimal('maxNotional', () => this.quote.parse(maxNotional));
    this.referencePrice = decimal('referencePrice', () => this.parsePrice(referencePrice));
    const band = (side: keyof typeof percentPrice) =>
      decimal(`percentPrice.${side}`, () => parseUnits(percentPrice[side] ?? '', BAND_PLACES));
    this.bands = { bidUp: band('bidUp'), bidDown: band('bidDown'), askUp: band('askUp'), askDown: band('askDown') };
    end();
    this.definition = {
      ...definition,
      percentPrice,
      icebergParts: this.icebergParts,
      maxQuantity: this.formatQuantity(this.maxQuantity),
      maxNotional: this.quote.format(this.maxNotional),
    };
  }

  /** Ticks. Throws DecimalError: also `too_precise` when the price is no whole number of ticks, `out_of_range` outside 1 to the highest. */
  parsePrice(text: string): number {
    return this.#tick.parse(text);
  }

  /** Lots. Throws DecimalError, as {@link parsePrice}. */
  parseQuantity(text: string): number {
    return this.#lot.parse(text);
  }

  formatPrice(ticks: number): string {
    return pad(this.#tick.format(ticks), this.pricePlaces);
  }

  /** Also of sums over many orders or trades, however large. */
  formatQuantity(lots: number | bigint): string {
    return pad(this.#lot.format(lots), this.quantityPlaces);
  }

  /** The symbol in protocols that have eight letters for it: longer ones are `#` and the instrument's number. */
  get wireSymbol(): string {
    return this.symbol.length <= WIRE_LETTERS ? this.symbol : `#${this.number}`;
  }

  /** What a tick is in protocols with four implied decimals; 0: it is less than that. */
  get wireTick(): number {
    return this.pricePlaces <= WIRE_PLACES ? this.#tick.units * 10 ** (WIRE_PLACES - this.pricePlaces) : 0;
  }
}

function formatExact(units: number | bigint, places: number): string {
  return typeof units === 'bigint' ? formatBigUnits(units, places) : formatUnits(units, places);
}

function pad(text: string, places: number): string {
  return (places === 0 ? `${text}.` : text) + '0'.repeat(Math.max(0, SHOWN_PLACES - places));
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
    if (new Set(this.assets.map(({ name }) => name)).size !== assets.length)
      throw new DefinitionError('assets', [{ key: '', text: 'two assets have the same name' }]);
    if (this.#bySymbol.size !== instruments.length)
      throw new DefinitionError('instruments', [{ key: '', text: 'two instruments have the same symbol' }]);
  }

  find(symbol: string): Instrument | undefined {
    return this.#bySymbol.get(symbol);
  }

  asset(name: string): Asset | undefined {
    return this.assets.find((asset) => asset.name === name);
  }
}
