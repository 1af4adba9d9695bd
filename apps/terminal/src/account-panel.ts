import { element, make, timeOfDay } from './dom.ts';
import { type Instrument, withoutZeros } from './instruments.ts';
import { type Credentials, type Json, keepListenKey, listenKey, Stream, signed, VenueError } from './venue-client.ts';

const OPEN = ['NEW', 'PARTIALLY_FILLED'];
const KEEP_ALIVE_MS = 20 * 60_000;

/** The account's balances and open orders, kept up to date by its own stream. It ends when the venue refuses the key. */
export class AccountPanel {
  readonly #credentials: Credentials;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #onAnswer: (error?: Error) => void;
  readonly #orders = new Map<string, Json>();
  readonly #balances = new Map<string, { free: string; locked: string }>();
  readonly #stream: Stream;
  readonly #keepAlive: number;
  #painting = false;
  #closed = false;

  /** @param onAnswer told of each request: without an error that it succeeded */
  constructor(credentials: Credentials, instruments: ReadonlyMap<string, Instrument>, onAnswer: (error?: Error) => void) {
    this.#credentials = credentials;
    this.#instruments = instruments;
    this.#onAnswer = onAnswer;
    for (const table of ['balances', 'orders']) rowsOf(table).replaceChildren();
    let key = '';
    this.#stream = new Stream(
      async () => {
        try {
          key = await listenKey(credentials);
        } catch (error) {
          this.#fail(error as Error);
          throw error;
        }
        return `/ws/${key}`;
      },
      (event) => this.#take(event),
      (live) => {
        if (live) void this.#load();
      },
    );
    this.#keepAlive = window.setInterval(() => {
      keepListenKey(credentials, key).catch((error) => this.#tell(error));
    }, KEEP_ALIVE_MS);
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    clearInterval(this.#keepAlive);
  }

  /** Tells of a failed request for the account itself. A key that the venue refuses is not tried again. */
  #fail(error: Error): void {
    this.#tell(error);
    if (error instanceof VenueError && error.final) this.close();
  }

  /** What a former key's requests still answer concerns nobody. */
  #tell(error?: Error): void {
    if (!this.#closed) this.#onAnswer(error);
  }

  async #load(): Promise<void> {
    try {
      const [account, orders] = await Promise.all([
        signed(this.#credentials, 'GET', 'account'),
        signed(this.#credentials, 'GET', 'openOrders'),
      ]);
      if (this.#closed) return;
      this.#balances.clear();
      for (const { asset, free, locked } of account.balances) this.#balances.set(asset, { free, locked });
      this.#orders.clear();
      for (const order of orders) this.#orders.set(`${order.symbol} ${order.orderId}`, order);
      this.#paint();
      this.#tell();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #take(event: Json): void {
    if (event.e === 'outboundAccountPosition') {
      for (const { a, f, l } of event.B) this.#balances.set(a, { free: f, locked: l });
    } else if (event.e === 'executionReport') {
      const id = `${event.s} ${event.i}`;
      if (OPEN.includes(event.X)) {
        const { s: symbol, i: orderId, S: side, o: type, p: price, q: origQty, z: executedQty, O: time } = event;
        this.#orders.set(id, { symbol, orderId, side, type, price, origQty, executedQty, time });
      } else this.#orders.delete(id);
    }
    this.#paint();
  }

  /** Paints once a frame, however many events there were. */
  #paint(): void {
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      if (this.#closed) return;
      this.#paintBalances();
      this.#paintOrders();
    });
  }

  #paintBalances(): void {
    const rows = [...this.#balances].map(([asset, { free, locked }]) => row(asset, withoutZeros(free), withoutZeros(locked)));
    rowsOf('balances').replaceChildren(...rows);
  }

  #paintOrders(): void {
    const rows = [...this.#orders.values()].reverse().map((order) => {
      const { symbol, type, time } = order;
      const instrument = this.#instruments.get(symbol) as Instrument;
      const [quantity, filled] = [order.origQty, order.executedQty].map(instrument.quantity);
      const cells = row(timeOfDay(time), symbol, '', type, instrument.price(order.price), quantity, filled, '');
      cells.children[2].append(make('span', order.side, order.side === 'BUY' ? 'up' : 'down'));
      const cancel = make('button', 'Cancel');
      cancel.addEventListener('click', () => void this.#cancel(order, cancel));
      cells.children[7].append(cancel);
      return cells;
    });
    if (rows.length === 0) {
      const none = row('No open orders');
      none.className = 'none';
      rows.push(none);
    }
    rowsOf('orders').replaceChildren(...rows);
  }

  async #cancel(order: Json, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      await signed(this.#credentials, 'DELETE', 'order', { symbol: order.symbol, orderId: order.orderId });
      this.#tell();
    } catch (error) {
      button.disabled = false;
      this.#tell(error as Error);
    }
  }
}

function rowsOf(table: string): HTMLTableSectionElement {
  return element<HTMLTableElement>(table).tBodies[0];
}

function row(...texts: string[]): HTMLTableRowElement {
  const made = make('tr');
  made.append(...texts.map((text) => make('td', text)));
  return made;
}
