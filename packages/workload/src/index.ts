/** Seeded random numbers, and order flow made from them: see README.md. */
export { type BookFlow, generateBookFlow, PROFILES } from './book-flow.ts';
export { CommandStream } from './command-stream.ts';
export { type DayOptions, type DayWriter, ItchDay, symbolOf } from './itch-day.ts';
export { OPERATION } from './operation.ts';
export { Random } from './random.ts';
