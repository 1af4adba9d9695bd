import { element, make } from './dom.ts';
import type { Instrument } from './instruments.ts';

type Level = [price: string, quantity: string];

const LEVELS = 12;

/** Shows the best levels of both sides. A click on one hands on its price. */
export class BookPanel {
  readonly #asks = element('asks');
  readonly #bids = element('bids');
  readonly #spread = element('spread');
  readonly #onPick: (price: string) => void;

  constructor(onPick: (price: string) => void) {
    this.#onPick = onPick;
    for (const side of [this.#asks, this.#bids]) {
      for (let i = 0; i < LEVELS; i++) side.append(this.#row());
    }
  }

  show(instrument: Instrument, bids: Level[], asks: Level[]): void {
    const shownBids = bids.slice(0, LEVELS);
    const shownAsks = asks.slice(0, LEVELS);
    const most = Math.max(...[...shownBids, ...shownAsks].map(([, quantity]) => Number(quantity)), 0);
    this.#fill(instrument, this.#bids, shownBids, most);
    this.#fill(instrument, this.#asks, shownAsks, most, true);
    const twoSided = bids.length > 0 && asks.length > 0;
    this.#spread.textContent = `Spread ${twoSided ? instrument.price((Number(asks[0][0]) - Number(bids[0][0])).toFixed(8)) : '–'}`;
  }

  /** Best level nearest to the spread: the last row of the asks, the first of the bids. */
  #fill(instrument: Instrument, side: HTMLElement, levels: Level[], most: number, upward = false): void {
    let sum = 0;
    for (let i = 0; i < LEVELS; i++) {
      const row = side.children[upward ? LEVELS - 1 - i : i] as HTMLElement;
      const level = levels[i];
      sum += Number(level?.[1] ?? 0);
      const [price, quantity, total] = row.children;
      price.textContent = level === undefined ? '' : instrument.price(level[0]);
      quantity.textContent = level === undefined ? '' : instrument.quantity(level[1]);
      total.textContent = level === undefined ? '' : sum.toFixed(3);
      row.style.setProperty('--share', `${level === undefined ? 0 : (100 * Number(level[1])) / most}%`);
    }
  }

  #row(): HTMLElement {
    const row = make('div');
    row.append(make('span'), make('span'), make('span'));
    row.addEventListener('click', () => {
      const price = row.children[0].textContent;
      if (price) this.#onPick(price);
    });
    return row;
  }
}
