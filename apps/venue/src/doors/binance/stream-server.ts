/** Sessions of /ws and /stream: subscriptions of one client. */
import type { RateLimiter } from '../../core/fairness/rate-limits.ts';
import { errors } from '../http/errors.ts';
import { Inbox } from './inbox.ts';
import { isRequestId, parseExactly } from './parameters.ts';
import type { StreamReader, StreamSource } from './streams.ts';
import type { Connection } from './ws-connection.ts';

const MOST_STREAMS = 1024;
/** What is meant as a stream, or as a listen key of whoever made it. Other names are the client's own business: some put numbers there. */
const MEANT = /[@!]|^\w{32,}$/;
/** A listen key as this venue makes them: nothing else is asked for in the other lane. */
const LISTEN_KEY = /^[0-9a-f]{60}$/;

interface Request {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

/** What a session of either lane is given. */
interface StreamSessionParts {
  market: StreamSource;
  /** account events, by listen key */
  users: StreamSource;
  limiter: RateLimiter;
  messagesPerSecond: number;
  /** told when a stream was subscribed to: there is something to tell */
  onChange(): void;
}

/** A client of /ws or /stream: its subscriptions, and the requests that change them. */
export class StreamSession implements StreamReader {
  readonly connection: Connection;
  #isCombined = false;
  readonly #parts: StreamSessionParts;
  readonly #streams = new Map<string, StreamSource>();
  #started: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, parts: StreamSessionParts, isCombined: boolean) {
    this.connection = connection;
    this.#parts = parts;
    this.#setCombined(isCombined);
    new Inbox(connection, parts.messagesPerSecond, (text) => this.#onMessage(text));
    connection.onClose(() => {
      for (const [name, source] of this.#streams) source.unsubscribe(name, this);
      this.#streams.clear();
    });
  }

  get isCombined(): boolean {
    return this.#isCombined;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Subscribes to the streams of the URL. Says which there is none of, and ends a connection that nothing else would come over. */
  start(names: readonly string[]): void {
    if (names.length > MOST_STREAMS) this.connection.refuse(`more than ${MOST_STREAMS} streams`);
    else this.#started = this.#startAll(names);
  }

  async #startAll(names: readonly string[]): Promise<void> {
    const meant = names.filter((name) => MEANT.test(name));
    const unknown = await this.#subscribeAll(meant);
    if (unknown === undefined) return;
    this.#fail(null, 2, unknownStream(unknown));
    if (this.#streams.size === 0 && meant.length === names.length) this.connection.refuse('unknown stream');
  }

  async #subscribeAll(names: readonly string[]): Promise<string | undefined> {
    let unknown: string | undefined;
    for (const name of names) if (!(await this.#subscribe(name))) unknown ??= name;
    return unknown;
  }

  #subscribe(name: string): boolean | Promise<boolean> {
    if (this.#streams.has(name)) return true;
    const source = LISTEN_KEY.test(name) ? this.#parts.users : this.#parts.market;
    const known = source.subscribe(name, this);
    if (typeof known !== 'boolean') return known.then((isKnown) => this.#note(name, source, isKnown));
    return this.#note(name, source, known);
  }

  #note(name: string, source: StreamSource, isKnown: boolean): boolean {
    if (isKnown && this.connection.isClosed) source.unsubscribe(name, this);
    else if (isKnown) {
      this.#streams.set(name, source);
      this.#parts.onChange();
    }
    return isKnown;
  }

  async #onMessage(text: string): Promise<void> {
    await this.#started;
    let request: Request;
    try {
      request = parseExactly(text) as Request;
    } catch (error) {
      this.#weigh(text, 1);
      this.#fail(undefined, 3, `Invalid JSON: ${(error as Error).message}`);
      return;
    }
    const isObject = typeof request === 'object' && request !== null && !Array.isArray(request);
    if (!this.#weigh(text, isObject ? this.#streamsOf(request) : 1)) return;
    if (isObject) await this.#answer(request);
    else this.#fail(undefined, 2, 'Invalid request: request must be an object');
  }

  /** How many streams a request is about. */
  #streamsOf({ method, params }: Request): number {
    const named = Array.isArray(params) ? params.length : 0;
    return Math.max(1, method === 'SET_PROPERTY' ? this.#streams.size : named);
  }

  /** A message weighs 1 for each stream that it is about, at least 1, and 1 for each 4 KiB. A client beyond its limit is disconnected. */
  #weigh(text: string, streams: number): boolean {
    try {
      this.#parts.limiter.useWeight(this.connection.address, Math.min(streams, MOST_STREAMS) + (text.length >> 12), Date.now());
      return true;
    } catch {
      const { message } = errors.tooManyRequests(this.#parts.limiter.limits.weightPerMinute, 60);
      this.#fail(undefined, -1003, message);
      this.connection.refuse('too much request weight');
      return false;
    }
  }

  async #answer(request: Request): Promise<void> {
    const { id, method, params } = request;
    if (!isRequestId(id)) return this.#fail(null, 2, 'Invalid request: request ID must be an unsigned integer or a string');
    switch (method) {
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE': {
        if (!Array.isArray(params) || !params.every((name) => typeof name === 'string')) {
          return this.#fail(id, 2, 'Invalid request: params must be an array of stream names');
        }
        return await this.#change(id, method, params);
      }
      case 'LIST_SUBSCRIPTIONS':
        return this.connection.sendJson({ result: [...this.#streams.keys()], id: id ?? null });
      case 'SET_PROPERTY': {
        const [name, value] = Array.isArray(params) ? params : [];
        if (name !== 'combined' || typeof value !== 'boolean') return this.#fail(id, 0, 'Unknown property');
        await this.#setForm(value);
        return this.connection.sendJson({ result: null, id: id ?? null });
      }
      case 'GET_PROPERTY':
        return this.connection.sendJson({ result: this.isCombined, id: id ?? null });
      default:
        this.#fail(
          id,
          2,
          `Invalid request: unknown variant \`${String(method)}\`, expected one of \`SUBSCRIBE\`, \`UNSUBSCRIBE\`, \`LIST_SUBSCRIPTIONS\``,
        );
    }
  }

  async #change(id: unknown, method: 'SUBSCRIBE' | 'UNSUBSCRIBE', names: string[]): Promise<void> {
    if (method === 'UNSUBSCRIBE') {
      for (const name of names) {
        this.#streams.get(name)?.unsubscribe(name, this);
        this.#streams.delete(name);
      }
    } else {
      if (this.#streams.size + names.length > MOST_STREAMS) {
        this.connection.refuse(`more than ${MOST_STREAMS} streams`);
        return;
      }
      const unknown = await this.#subscribeAll(names);
      if (unknown !== undefined) return this.#fail(id, 2, unknownStream(unknown));
    }
    this.connection.sendJson({ result: null, id: id ?? null });
  }

  /** Readers are kept by the form that they read: all streams are joined anew. */
  async #setForm(isCombined: boolean): Promise<void> {
    if (isCombined === this.isCombined) return;
    const names = [...this.#streams.keys()];
    for (const name of names) this.#streams.get(name)!.unsubscribe(name, this);
    this.#streams.clear();
    this.#setCombined(isCombined);
    await this.#subscribeAll(names);
  }

  #setCombined(isCombined: boolean): void {
    this.#isCombined = isCombined;
    this.connection.farewell = isCombined ? ['{"stream":"!serverShutdown","data":', '}'] : ['', ''];
  }

  #fail(id: unknown, code: number, msg: string): void {
    this.connection.sendJson({ error: { code, msg }, ...(id !== undefined && { id }) });
  }
}

function unknownStream(name: string): string {
  return `Invalid request: unknown stream ${name.slice(0, 80)}`;
}
