import { element, make, timeOfDay } from './dom.ts';
import { type Instrument, withoutZeros } from './instruments.ts';
import { type Credentials, type Json, listenKey, Stream, signed } from './venue-client.ts';

const OPEN = ['NEW', 'PARTIALLY_FILLED'];
const KEEP_ALIVE_MS = 20 * 60_000;

/** The account's balances and open orders, kept up to date by its own stream. */
export class AccountPanel {
  readonly #credentials: Credentials;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #onFailure: (error: Error) => void;
  readonly #orders = new Map<string, Json>();
  readonly #balances = new Map<string, { free: string; locked: string }>();
  readonly #stream: Stream;
  readonly #keepAlive: number;
  #painting = false;

  constructor(credentials: Credentials, instruments: ReadonlyMap<string, Instrument>, onFailure: (error: Error) => void) {
    this.#credentials = credentials;
    this.#instruments = instruments;
    this.#onFailure = onFailure;
    let key = '';
    this.#stream = new Stream(
      async () => {
        key = await listenKey(credentials);
        return `/ws/${key}`;
      },
      (event) => this.#take(event),
      (live) => {
        if (live) void this.#load();
      },
    );
    this.#keepAlive = window.setInterval(() => {
      const headers = { 'X-MBX-APIKEY': credentials.key };
      void fetch(`/api/v3/userDataStream?listenKey=${key}`, { method: 'PUT', headers });
    }, KEEP_ALIVE_MS);
  }

  close(): void {
    this.#stream.close();
    clearInterval(this.#keepAlive);
  }

  async #load(): Promise<void> {
    try {
      const [account, orders] = await Promise.all([
        signed(this.#credentials, 'GET', 'account'),
        signed(this.#credentials, 'GET', 'openOrders'),
      ]);
      this.#balances.clear();
      for (const { asset, free, locked } of account.balances) this.#balances.set(asset, { free, locked });
      this.#orders.clear();
      for (const order of orders) this.#orders.set(`${order.symbol} ${order.orderId}`, order);
      this.#paint();
    } catch (error) {
      this.#onFailure(error as Error);
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
      this.#paintBalances();
      this.#paintOrders();
    });
  }

  #paintBalances(): void {
    const rows = [...this.#balances].map(([asset, { free, locked }]) => row(asset, withoutZeros(free), withoutZeros(locked)));
    element('balances')
      .querySelector('tbody')
      ?.replaceChildren(...rows);
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
    element('orders')
      .querySelector('tbody')
      ?.replaceChildren(...rows);
  }

  async #cancel(order: Json, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      await signed(this.#credentials, 'DELETE', 'order', { symbol: order.symbol, orderId: order.orderId });
    } catch (error) {
      button.disabled = false;
      this.#onFailure(error as Error);
    }
  }
}

function row(...texts: string[]): HTMLTableRowElement {
  const made = make('tr');
  made.append(...texts.map((text) => make('td', text)));
  return made;
}
