/** Ends the connections of long bodies that nobody waits for. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { watchPieces } from '../../core/fairness/pieces.ts';

/** A body that is answered before it has come is read over up to here, so that the connection can go on; beyond it the connection ends. */
const MOST_UNWANTED_BYTES = 64 * 1024;
/** Bytes that the chunks of a body have at least, on average. */
const LEAST_CHUNK = 32;

/** Bytes of a request's body that it says; one that does not say has any number. */
export function bodyBytes(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}

/** Ends the connection of a long body, or one whose length is not said, that comes in crumbs, or whose answer does not wait for it. */
export function guardLongBody(request: IncomingMessage, response: ServerResponse): void {
  if (bodyBytes(request.headers) <= MOST_UNWANTED_BYTES) return;
  watchPieces(request, LEAST_CHUNK, () => request.socket.destroy());
  const { writeHead } = response;
  response.writeHead = ((...head: Parameters<typeof writeHead>) => {
    if (!request.complete) response.shouldKeepAlive = false;
    return writeHead.apply(response, head);
  }) as typeof writeHead;
}
