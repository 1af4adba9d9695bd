/** Balances of accounts in whole units: what is available, what is held, fees. See README.md. */
export * from './ledger.ts';
