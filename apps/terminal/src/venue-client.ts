/** What the page needs of the venue: signed requests, and streams that come back when they break. */

export type Json = any;

export class VenueError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

export async function query(path: string, parameters: Record<string, string | number> = {}): Promise<Json> {
  return await answer(await fetch(`/api/v3/${path}?${form(parameters)}`));
}

/** A request with an HMAC-SHA256 signature over its parameters. Throws VenueError with the venue's code and words. */
export async function signed(
  credentials: Credentials,
  method: string,
  path: string,
  parameters: Record<string, string | number> = {},
): Promise<Json> {
  const text = form({ ...parameters, timestamp: Date.now() });
  const signature = await sign(credentials.secret, text);
  const response = await fetch(`/api/v3/${path}?${text}&signature=${signature}`, { method, headers: { 'X-MBX-APIKEY': credentials.key } });
  return await answer(response);
}

/** The key of a stream of the account's own orders and balances. */
export async function listenKey(credentials: Credentials): Promise<string> {
  const response = await fetch('/api/v3/userDataStream', { method: 'POST', headers: { 'X-MBX-APIKEY': credentials.key } });
  return (await answer(response)).listenKey;
}

function form(parameters: Record<string, string | number>): string {
  return new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)])).toString();
}

async function answer(response: Response): Promise<Json> {
  const body = await response.json();
  if (!response.ok) throw new VenueError(body.code, body.msg);
  return body;
}

async function sign(secret: string, text: string): Promise<string> {
  if (crypto.subtle === undefined) throw new VenueError(0, 'The browser signs orders on https and on localhost only.');
  const bytes = (value: string) => new TextEncoder().encode(value);
  const key = await crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes(text)));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const RETRY_MS = [500, 1000, 2000, 5000];

/** A WebSocket that is opened anew when it breaks, with growing pauses, until it is closed. */
export class Stream {
  readonly #address: () => string | Promise<string>;
  readonly #onMessage: (message: Json) => void;
  readonly #onState: (live: boolean) => void;
  #socket: WebSocket | undefined;
  #closed = false;
  #failures = 0;

  /** @param address path of the stream, asked for at each attempt @param onState told when it is up, and when it broke */
  constructor(address: () => string | Promise<string>, onMessage: (message: Json) => void, onState: (live: boolean) => void = () => {}) {
    this.#address = address;
    this.#onMessage = onMessage;
    this.#onState = onState;
    void this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  async #open(): Promise<void> {
    let path: string;
    try {
      path = await this.#address();
    } catch {
      this.#again();
      return;
    }
    if (this.#closed) return;
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${path}`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.#onState(true);
    };
    socket.onmessage = ({ data }) => {
      if (!this.#closed) this.#onMessage(JSON.parse(data));
    };
    socket.onclose = () => this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    this.#onState(false);
    const pause = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    setTimeout(() => void this.#open(), pause);
  }
}
