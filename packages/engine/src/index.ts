/** The exchange as a state machine: commands in, events out, and the same in decimal strings. See README.md. */
export { DEFAULT_LIMITS, Engine, type EngineLimits } from './engine.ts';
export { EventOutput, LocalEvents } from './event-output.ts';
export { imageOf, restoreImage } from './image.ts';
export * from './local-exchange.ts';
export { stateHash } from './state-hash.ts';
