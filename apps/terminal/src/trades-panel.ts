/** Shows the latest trades of an instrument. */
import { element, make, timeOfDay } from './dom.ts';

const MOST = 30;

interface ShownTrade {
  price: string;
  quantity: string;
  time: number;
  /** whether the seller took */
  sold: boolean;
}

export class TradesPanel {
  readonly #list = element('trades');

  clear(): void {
    this.#list.replaceChildren();
  }

  /** Puts a trade on top. */
  add({ price, quantity, time, sold }: ShownTrade): void {
    const row = make('div');
    const at = make('time', timeOfDay(time));
    row.append(make('span', price, sold ? 'down' : 'up'), make('span', quantity), at);
    this.#list.prepend(row);
    while (this.#list.children.length > MOST) this.#list.lastElementChild?.remove();
  }
}
