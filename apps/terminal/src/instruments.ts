import { type Json, query } from './venue-client.ts';

/** How an instrument's numbers are written: cut to the places of its tick and its lot. */
export interface Instrument {
  readonly symbol: string;
  /** the smallest quantity, as the venue writes it */
  readonly lot: string;
  price(decimal: string): string;
  quantity(decimal: string): string;
}

/** The venue's instruments, in its order. */
export async function loadInstruments(): Promise<Instrument[]> {
  const { symbols } = await query('exchangeInfo');
  return symbols.map(({ symbol, filters }: Json): Instrument => {
    const filter = (type: string) => filters.find((one: Json) => one.filterType === type);
    const lot: string = filter('LOT_SIZE').stepSize;
    const pricePlaces = places(filter('PRICE_FILTER').tickSize);
    const quantityPlaces = places(lot);
    return { symbol, lot, price: (decimal) => cut(decimal, pricePlaces), quantity: (decimal) => cut(decimal, quantityPlaces) };
  });
}

/** A decimal without the zeros at its end. */
export function withoutZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function places(step: string): number {
  return withoutZeros(step).split('.')[1]?.length ?? 0;
}

function cut(decimal: string, places: number): string {
  const [whole, fraction = ''] = decimal.split('.');
  return places === 0 ? whole : `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`;
}
