import { DEMO_INSTRUMENTS } from '../../src/domain/config.ts';
import type { InstrumentDefinition } from '../../src/domain/market.ts';

/** The demo's instruments with filters that let every order pass: for tests of what comes after them, at prices of their own. */
export const WIDE_INSTRUMENTS: InstrumentDefinition[] = DEMO_INSTRUMENTS.map(({ maxQuantity: _, ...definition }) => ({
  ...definition,
  minNotional: '0',
  percentPrice: { bidUp: '1000000000', bidDown: '0', askUp: '1000000000', askDown: '0' },
}));
