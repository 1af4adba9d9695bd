/** Order books of npm packages that the book is compared with. */
import { OPERATION } from '@outcry/workload/operation';
import { OrderBook as HftOrderBook } from 'hft-limit-order-book';
import { OrderBook as NodejsOrderBook } from 'nodejs-order-book';
import { type OperationStream, operationAt } from './book-replay.ts';

/** What both npm books offer of the same. */
interface PeerBook {
  limit(options: { id: string; side: 'buy' | 'sell'; size: number; price: number; timeInForce?: 'GTC' | 'IOC' }): unknown;
  market(options: { side: 'buy' | 'sell'; size: number }): unknown;
  cancel(id: string): { order?: { side: string } } | undefined;
  depth(): [asks: [price: number, size: number][], bids: [price: number, size: number][]];
}

interface Peer {
  readonly name: string;
  /** whether a goal is stated against it */
  readonly isGoal: boolean;
  create(): PeerBook;
}

export const PEERS: readonly Peer[] = [
  { name: 'nodejs-order-book', isGoal: true, create: () => new NodejsOrderBook() as unknown as PeerBook },
  { name: 'hft-limit-order-book', isGoal: false, create: () => new HftOrderBook() as unknown as PeerBook },
];

export interface PeerRun {
  readonly operations: number;
  readonly nsPerOp: number;
  /** `side:price` (0 buy, 1 sell) to lots */
  readonly depth: Map<string, number>;
}

/** A run is cut off after this time, and compared over what it played. */
const BUDGET_MS = 40_000;

/** Plays a stream of one symbol into a peer's book, through the calls that its users make. */
export function playPeer(peer: Peer, stream: OperationStream): PeerRun {
  const book = peer.create();
  // Ids as text are made before the clock starts: a user of the package has them in this form.
  const ids = Array.from({ length: stream.names.length }, (_, id) => String(id));
  const started = performance.now();
  let operations = 0;
  while (operations < stream.count) {
    const end = Math.min(stream.count, operations + 1024);
    for (; operations < end; operations++) play(book, stream, operations, ids);
    if (performance.now() - started > BUDGET_MS) break;
  }
  const nsPerOp = ((performance.now() - started) * 1e6) / operations;
  const [asks, bids] = book.depth();
  const depth = new Map<string, number>();
  for (const [price, size] of bids) depth.set(`0:${price}`, size);
  for (const [price, size] of asks) depth.set(`1:${price}`, size);
  return { operations, nsPerOp, depth };
}

function play(book: PeerBook, stream: OperationStream, index: number, ids: string[]): void {
  const { operation, side, id, price, quantity } = operationAt(stream, index);
  const name = ids[id];
  const word = side === 0 ? 'buy' : 'sell';
  switch (operation) {
    case OPERATION.LIMIT:
      book.limit({ id: name, side: word, size: quantity, price });
      break;
    case OPERATION.IMMEDIATE:
      book.limit({ id: name, side: word, size: quantity, price, timeInForce: 'IOC' });
      break;
    case OPERATION.MARKET:
      book.market({ side: word, size: quantity });
      break;
    case OPERATION.CANCEL:
      book.cancel(name);
      break;
    case OPERATION.REPLACE: {
      const was = book.cancel(name)?.order?.side;
      if (was !== undefined) book.limit({ id: name, side: was as 'buy' | 'sell', size: quantity, price });
    }
  }
}
