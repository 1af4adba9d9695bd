import { element } from './dom.ts';
import { type Credentials, type Json, signed } from './venue-client.ts';

/** The form that places orders. */
export class OrderPanel {
  readonly #form = element<HTMLFormElement>('order');
  readonly #button = element<HTMLButtonElement>('place');
  readonly #answer = element<HTMLOutputElement>('order-answer');
  readonly #credentials: () => Credentials;
  readonly #symbol: () => string;

  constructor(symbol: () => string, credentials: () => Credentials) {
    this.#symbol = symbol;
    this.#credentials = credentials;
    this.#form.addEventListener('change', () => this.#reshape());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#place();
    });
  }

  setPrice(price: string): void {
    this.#field('price').value = price;
  }

  /** Suggests a price and quantity where none has been typed. */
  suggest(price: string, quantity: string): void {
    if (this.#field('price').value === '') this.setPrice(price);
    if (this.#field('quantity').value === '') this.#field('quantity').value = quantity;
  }

  clear(): void {
    this.#form.reset();
    this.#reshape();
    this.say('');
  }

  say(text: string, bad = false): void {
    this.#answer.textContent = text;
    this.#answer.className = bad ? 'bad' : '';
  }

  /** Shows why a request failed; without an error, that one succeeded, which ends the last failure. */
  tell(error?: Error): void {
    if (error !== undefined) this.say(error.message, true);
    else if (this.#answer.className === 'bad') this.say('');
  }

  #field(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }

  #reshape(): void {
    const side = this.#field('side').value;
    this.#button.textContent = side === 'BUY' ? 'Buy' : 'Sell';
    this.#button.className = side.toLowerCase();
    this.#field('price').disabled = this.#field('type').value === 'MARKET';
  }

  async #place(): Promise<void> {
    const [type, timeInForce] = this.#field('type').value.split(':');
    const order: Record<string, string> = {
      symbol: this.#symbol(),
      side: this.#field('side').value,
      type,
      quantity: this.#field('quantity').value.trim(),
      ...(type !== 'MARKET' && { price: this.#field('price').value.trim() }),
      ...(timeInForce !== undefined && { timeInForce }),
    };
    this.#button.disabled = true;
    try {
      this.say(inWords(await signed(this.#credentials(), 'POST', 'order', order)));
    } catch (error) {
      this.tell(error as Error);
    } finally {
      this.#button.disabled = false;
    }
  }
}

function inWords({ orderId, status, executedQty, origQty }: Json): string {
  const filled = status === 'PARTIALLY_FILLED' || status === 'EXPIRED' ? `, ${executedQty} of ${origQty}` : '';
  return `Order ${orderId}: ${status.toLowerCase().replace('_', ' ')}${filled}`;
}
