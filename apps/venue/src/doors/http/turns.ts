import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiError, apiErrorOf } from './errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Requests of a connection that have no answer yet; no client pipelines that deep. */
export const MOST_PIPELINED = 32;
/** Pipelined requests that are begun in one turn of the event loop, for so many milliseconds. */
const MOST_A_TURN = 32;
const TURN_MS = 2;

/** Throws what has an ApiError (apiErrorOf) for a request that is not answered, whatever it asks for. */
export type Check = (request: IncomingMessage) => void;

/** What comes over one connection. */
interface Line {
  readonly socket: Socket;
  readonly waiting: [IncomingMessage, ServerResponse][];
  /** requests without an answer, those that wait included */
  open: number;
  readonly onAnswered: () => void;
}

/**
 * Whose request is begun next. A connection that asks, and waits for the answer, is answered at once. Requests behind another of the same
 * connection (HTTP pipelining) wait for their turn: one of each connection in a round, a few milliseconds of them at a time, so that one
 * segment full of requests holds up nobody else. A connection with too many requests in line is cut off.
 */
export class Turns {
  readonly #answer: RequestListener;
  readonly #check: Check;
  readonly #lines = new WeakMap<Socket, Line>();
  /** lines where requests wait, in the order of their turns */
  readonly #queue = new Set<Line>();
  /** steps of this turn that are still to come, and when the first one was taken */
  #steps = 0;
  #since = 0;

  constructor(answer: RequestListener, check: Check) {
    this.#answer = answer;
    this.#check = check;
  }

  /** Takes a server's requests. */
  guard(server: Server): void {
    const enter = (request: IncomingMessage, response: ServerResponse) => this.#enter(request, response);
    server.on('request', enter);
    server.on('checkExpectation', enter); // else Node answers it, and counts nothing
  }

  #enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const line = this.#lines.get(socket) ?? this.#open(socket);
    line.open++;
    if (line.open > MOST_PIPELINED) {
      socket.destroy();
      this.#queue.delete(line);
      return;
    }
    response.once('close', line.onAnswered);
    if (line.open === 1) {
      this.#begin(request, response);
      return;
    }
    line.waiting.push([request, response]);
    this.#queue.add(line);
    if (this.#steps === 0) this.#startTurn();
  }

  #open(socket: Socket): Line {
    const line: Line = {
      socket,
      waiting: [],
      open: 0,
      onAnswered: () => {
        line.open--;
      },
    };
    this.#lines.set(socket, line);
    stopParserWithSocket(socket);
    return line;
  }

  /** Each step is a callback of its own: what a request brings about in promises has run, and its time counts, before the next. */
  #startTurn(): void {
    this.#since = 0;
    this.#steps = MOST_A_TURN;
    for (let i = 0; i < MOST_A_TURN; i++) setImmediate(this.#step);
  }

  readonly #step = (): void => {
    const now = performance.now();
    if (this.#since === 0) this.#since = now;
    if (now - this.#since < TURN_MS) this.#beginNext();
    if (--this.#steps === 0 && this.#queue.size > 0) this.#startTurn();
  };

  #beginNext(): void {
    for (const line of this.#queue) {
      this.#queue.delete(line);
      if (line.socket.destroyed || line.socket.writableEnded) continue; // nobody would get the answer
      const [request, response] = line.waiting.shift()!;
      if (line.waiting.length > 0) this.#queue.add(line);
      this.#begin(request, response);
      return;
    }
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#check(request);
    } catch (error) {
      const shown = apiErrorOf(error);
      if (shown === undefined) throw error;
      refuse(request, response, shown);
      return;
    }
    this.#answer(request, response);
  }
}

/** Answers without a route. The connection ends, but for one that only mistook where it is, and sends no body that would be read over. */
function refuse({ headers }: IncomingMessage, response: ServerResponse, { status, code, message, retryAfter }: ApiError): void {
  const body = Buffer.from(JSON.stringify({ code, msg: message }));
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const sent: OutgoingHttpHeaders = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
  };
  if (retryAfter !== undefined) sent['retry-after'] = String(retryAfter);
  if (status !== 403 || hasBody) sent.connection = 'close';
  response.writeHead(status, sent);
  response.end(body);
}

/**
 * Node's parser works off all that it has read, thousands of requests, also when the first of them got the connection cut off: an error
 * from the callback ends that. Where Node has no such callback, only this saving is lost.
 */
function stopParserWithSocket(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: (request: IncomingMessage, keepAlive: boolean) => number } | null };
  const onIncoming = parser?.onIncoming;
  if (!parser || onIncoming === undefined) return;
  parser.onIncoming = (request, keepAlive) => (socket.destroyed ? -1 : onIncoming(request, keepAlive));
}
