/** Shares an HTTP server's turns among the connections that send requests. */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Slices } from '../../core/fairness/slices.ts';
import { type ApiError, apiErrorOf } from './errors.ts';
import { guardLongBody } from './long-bodies.ts';
import { refusalOf, refuseRaw } from './raw-answer.ts';

/** Requests of a connection that have no answer yet; no client pipelines that deep. */
export const MOST_PIPELINED = 32;
/** Milliseconds of a turn of the event loop in which pipelined requests are begun. */
const TURN_MS = 2;

/** Throws what has an ApiError (apiErrorOf) for a request that is not answered, whatever it asks for. */
type Check = (request: IncomingMessage) => void;
/** What is told of bytes that are no request. */
type Malformed = (address: string, error: { code?: string }) => ApiError;

/** What comes over one connection. */
interface Line {
  readonly socket: Socket;
  readonly waiting: [IncomingMessage, ServerResponse][];
  /** requests without an answer, those that wait included */
  openRequests: number;
  /** the request that came last */
  last: [IncomingMessage, ServerResponse] | undefined;
  /** what came behind it, and is no request: told when those before it have their answers */
  malformed: ApiError | undefined;
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
  readonly #malformed: Malformed;
  readonly #lines = new WeakMap<Socket, Line>();
  readonly #slices = new Slices(TURN_MS);

  constructor(answer: RequestListener, check: Check, malformed: Malformed) {
    this.#answer = answer;
    this.#check = check;
    this.#malformed = malformed;
  }

  /** Takes a server's requests. */
  guard(server: Server): void {
    const enter = (request: IncomingMessage, response: ServerResponse) => this.#enter(request, response);
    server.on('request', enter);
    server.on('checkExpectation', enter); // else Node answers it, and counts nothing
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#fail(error, socket as Socket));
    server.on('connect', (_request, socket) => this.#fail({ code: 'HPE_INVALID_METHOD' }, socket as Socket));
  }

  #enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const line = this.#lines.get(socket) ?? this.#open(socket);
    line.openRequests++;
    if (line.openRequests > MOST_PIPELINED) {
      socket.destroy();
      return;
    }
    line.last = [request, response];
    guardLongBody(request, response);
    response.once('close', line.onAnswered);
    if (line.openRequests === 1) {
      this.#begin(request, response);
      return;
    }
    line.waiting.push([request, response]);
    this.#slices.run(line, () => this.#beginNext(line));
  }

  #open(socket: Socket): Line {
    const line: Line = {
      socket,
      waiting: [],
      openRequests: 0,
      last: undefined,
      malformed: undefined,
      onAnswered: () => {
        line.openRequests--;
        refuseMalformed(line);
      },
    };
    this.#lines.set(socket, line);
    stopParserWithSocket(socket);
    return line;
  }

  /** Something that is no request: a reset, a time that is up, bytes that cannot be read. */
  #fail(error: { code?: string }, socket: Socket): void {
    const isAnswered = error.code?.startsWith('HPE_') || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (!isAnswered || !socket.writable || socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    const refusal = this.#malformed(socket.remoteAddress ?? '', error);
    const line = this.#lines.get(socket);
    if (line === undefined) refuseRaw(socket, refusal);
    else {
      line.malformed ??= refusal;
      refuseMalformed(line);
    }
  }

  #beginNext({ socket, waiting }: Line): void {
    const [request, response] = waiting.shift()!;
    if (!socket.destroyed && !socket.writableEnded) this.#begin(request, response); // else nobody would get the answer
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
function refuse({ headers: request }: IncomingMessage, response: ServerResponse, error: ApiError): void {
  const hasBody = request['content-length'] !== undefined || request['transfer-encoding'] !== undefined;
  const { body, headers } = refusalOf(error);
  if (error.status !== 403 || hasBody) headers.connection = 'close';
  response.writeHead(error.status, headers);
  response.end(body);
}

/** Tells it as soon as nothing else is to be answered before it: of a request whose body is what cannot be read, it is the answer. */
function refuseMalformed({ malformed, last, openRequests, socket }: Line): void {
  if (malformed === undefined || socket.destroyed) return;
  const isOfLast = last !== undefined && !last[0].complete && !last[1].headersSent;
  if (openRequests <= (isOfLast ? 1 : 0)) refuseRaw(socket, malformed);
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
