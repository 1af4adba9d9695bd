import crypto from 'node:crypto';
import type { Operation } from '../../src/doors/binance/operation.ts';
import { Listener } from './listener.ts';
import { Client } from './process.ts';

export type Sent = Record<string, string | number>;

/** One account's requests, over REST and over the WebSocket API. */
export class BothDoors {
  readonly rest: Client;
  readonly socket: Listener;
  readonly #key: string;
  #requests = 0;

  private constructor(rest: Client, socket: Listener, key: string) {
    this.rest = rest;
    this.socket = socket;
    this.#key = key;
  }

  static async open(url: string, key = 'alice'): Promise<BothDoors> {
    return new BothDoors(new Client(url, key), await Listener.open(url, '/ws-api/v3'), key);
  }

  close(): void {
    this.socket.close();
  }

  /** What REST answers, of whatever status. */
  async byRest({ rest, security }: Operation, sent: Sent): Promise<{ status: number; body: any }> {
    const { method, path } = rest!;
    if (security !== 'NONE') return await this.rest.signed(method, path, sent);
    const query = new URLSearchParams(sent as Record<string, string>).toString();
    return await this.rest.public(`${path}${query === '' ? '' : `?${query}`}`);
  }

  /** What the WebSocket API answers to a method: signed when a key is needed. */
  async bySocket(method: string, sent: Sent, isSigned: boolean): Promise<any> {
    const params = isSigned ? this.#signed(sent) : sent;
    return await this.socket.request({ id: ++this.#requests, method, params });
  }

  #signed(sent: Sent): Sent {
    const params: Sent = { ...sent, apiKey: this.#key, timestamp: Date.now() };
    const payload = Object.keys(params)
      .sort()
      .map((name) => `${name}=${params[name]}`)
      .join('&');
    return { ...params, signature: crypto.createHmac('sha256', `${this.#key}-secret`).update(payload).digest('hex') };
  }
}
