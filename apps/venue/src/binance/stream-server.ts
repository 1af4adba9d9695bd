import type { MarketStreams } from './market-streams.ts';
import type { UserStreams } from './user-streams.ts';
import { type Connection, POLICY_VIOLATION } from './ws-connection.ts';

const MOST_STREAMS = 1024;
/** Streams of which each message says everything: of those a client lags behind with, only the last matters. */
const LAST_VALUE = /@(bookTicker|depth(5|10|20)(@\d+ms)?|ticker|miniTicker|auction)$|^!bookTicker$/;

interface Request {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

/** A client of /ws or /stream: its subscriptions, and the requests that change them. */
export class StreamSession {
  readonly #connection: Connection;
  readonly #market: MarketStreams;
  readonly #users: UserStreams;
  readonly #streams = new Map<string, () => void>();
  #isCombined: boolean;
  readonly #listener = (stream: string, data: object): void => {
    const text = this.#isCombined ? `{"stream":"${stream}","data":${textOf(data)}}` : textOf(data);
    if (LAST_VALUE.test(stream))
      this.#connection.sendLast(stream === '!bookTicker' ? `${stream} ${(data as { s: string }).s}` : stream, text);
    else this.#connection.send(text);
  };

  constructor(connection: Connection, market: MarketStreams, users: UserStreams, isCombined: boolean) {
    this.#connection = connection;
    this.#market = market;
    this.#users = users;
    this.#isCombined = isCombined;
    connection.socket.on('message', (data) => this.#onMessage(data.toString()));
    connection.onClose(() => {
      for (const end of this.#streams.values()) end();
    });
  }

  /** Subscribes to the streams of the URL. Names that mean nothing are passed over: clients put numbers there. */
  start(streams: readonly string[]): void {
    for (const stream of streams) this.#subscribe(stream);
  }

  #subscribe(stream: string): boolean {
    if (this.#streams.has(stream)) return true;
    const stop = this.#users.listen(stream, (event) => this.#listener(stream, event));
    if (stop !== undefined) {
      this.#streams.set(stream, stop);
      return true;
    }
    if (!this.#market.exists(stream)) return false;
    this.#market.subscribe(stream, this.#listener);
    this.#streams.set(stream, () => this.#market.unsubscribe(stream, this.#listener));
    return true;
  }

  #onMessage(text: string): void {
    let request: Request;
    try {
      request = JSON.parse(text);
    } catch (error) {
      this.#fail(undefined, 3, `Invalid JSON: ${(error as Error).message}`);
      return;
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      this.#fail(undefined, 2, 'Invalid request: request must be an object');
      return;
    }
    this.#answer(request);
  }

  #answer(request: Request): void {
    const { id, method, params } = request;
    const isId = id === undefined || id === null || typeof id === 'number' || typeof id === 'string';
    if (!isId) return this.#fail(null, 2, 'Invalid request: request ID must be an unsigned integer or a string');
    switch (method) {
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE': {
        if (!Array.isArray(params) || !params.every((name) => typeof name === 'string')) {
          return this.#fail(id, 2, 'Invalid request: params must be an array of stream names');
        }
        return this.#change(id, method, params);
      }
      case 'LIST_SUBSCRIPTIONS':
        return this.#connection.sendJson({ result: [...this.#streams.keys()], id: id ?? null });
      case 'SET_PROPERTY': {
        const [name, value] = Array.isArray(params) ? params : [];
        if (name !== 'combined' || typeof value !== 'boolean') return this.#fail(id, 0, 'Unknown property');
        this.#isCombined = value;
        return this.#connection.sendJson({ result: null, id: id ?? null });
      }
      case 'GET_PROPERTY':
        return this.#connection.sendJson({ result: this.#isCombined, id: id ?? null });
      default:
        this.#fail(
          id,
          2,
          `Invalid request: unknown variant \`${String(method)}\`, expected one of \`SUBSCRIBE\`, \`UNSUBSCRIBE\`, \`LIST_SUBSCRIPTIONS\``,
        );
    }
  }

  #change(id: unknown, method: 'SUBSCRIBE' | 'UNSUBSCRIBE', names: string[]): void {
    if (method === 'UNSUBSCRIBE') {
      for (const name of names) {
        this.#streams.get(name)?.();
        this.#streams.delete(name);
      }
    } else {
      if (this.#streams.size + names.length > MOST_STREAMS) {
        this.#connection.socket.close(POLICY_VIOLATION, `more than ${MOST_STREAMS} streams`);
        return;
      }
      const unknown = names.filter((name) => !this.#subscribe(name));
      if (unknown.length > 0) return this.#fail(id, 2, `Invalid request: unknown stream ${unknown[0].slice(0, 80)}`);
    }
    this.#connection.sendJson({ result: null, id: id ?? null });
  }

  #fail(id: unknown, code: number, msg: string): void {
    this.#connection.sendJson({ error: { code, msg }, ...(id !== undefined && { id }) });
  }
}

const texts = new WeakMap<object, string>();

function textOf(data: object): string {
  let text = texts.get(data);
  if (text === undefined) {
    text = JSON.stringify(data);
    texts.set(data, text);
  }
  return text;
}
