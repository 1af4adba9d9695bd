/** A consumer's view of a market: books from ITCH and from Binance's streams, and a client of a MoldUDP64 feed. See README.md. */
export * from './binance-book.ts';
export * from './feed-client.ts';
export { ItchBook, type Level } from './itch-book.ts';
export * from './line-arbiter.ts';
