/** What the page needs of the venue: signed requests, and streams that come back when they break. */

export type Json = any;

export class VenueError extends Error {
  /** That of HTTP; 0 where the venue gave no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Whether the same request would be refused again. */
  get final(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

export async function query(path: string, parameters: Record<string, string | number> = {}): Promise<Json> {
  return await ask('GET', `${path}?${form(parameters)}`);
}

/** A request with an HMAC-SHA256 signature over its parameters. Throws VenueError with the venue's words. */
export async function signed(
  credentials: Credentials,
  method: string,
  path: string,
  parameters: Record<string, string | number> = {},
): Promise<Json> {
  const text = form({ ...parameters, timestamp: Date.now() });
  const signature = await sign(credentials.secret, text);
  return await ask(method, `${path}?${text}&signature=${signature}`, credentials.key);
}

/** The key of a stream of the account's own orders and balances. */
export async function listenKey(credentials: Credentials): Promise<string> {
  return (await ask('POST', 'userDataStream', credentials.key)).listenKey;
}

export async function keepListenKey(credentials: Credentials, listenKey: string): Promise<void> {
  await ask('PUT', `userDataStream?${form({ listenKey })}`, credentials.key);
}

function form(parameters: Record<string, string | number>): string {
  return new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)])).toString();
}

async function ask(method: string, path: string, key?: string): Promise<Json> {
  let response: Response;
  let body: Json;
  try {
    response = await fetch(`/api/v3/${path}`, { method, headers: key === undefined ? {} : { 'X-MBX-APIKEY': key } });
    body = await response.json();
  } catch (cause) {
    console.warn(cause);
    throw new VenueError(0, 'The venue cannot be reached');
  }
  if (!response.ok) throw new VenueError(response.status, body.msg);
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
    if (this.#closed) return;
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
