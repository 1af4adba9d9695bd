/** The vocabulary of a market: sides, order terms, commands, events, reasons, exact amounts. See README.md. */
export * from './command.ts';
export * from './decimal.ts';
export { EVENT, event, REPLAY_VERSION } from './event.ts';
export * from './order-terms.ts';
export { REASON, REASON_NAMES } from './reason.ts';
export * from './steps.ts';
export { textFault } from './text.ts';
