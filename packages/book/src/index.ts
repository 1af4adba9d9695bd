/** An order book with price-time priority, alone: see README.md. */
export { BookMemory } from './book-memory.ts';
export { OrderBook } from './order-book.ts';
export * from './records.ts';
export { type BookListener, SimpleBook } from './simple-book.ts';
