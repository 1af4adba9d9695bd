/** Watches bodies that come in crumbs. */
import type { Readable } from 'node:stream';

/** Pieces that a body may come in, whatever their length, before they are looked at. */
const FREE_PIECES = 100;

/**
 * Tells of a body that comes in crumbs. Node makes objects of each piece that was framed on its own (a chunk of HTTP/1.1, a DATA frame of
 * HTTP/2) and works off all that it has read from the socket, ten thousand of a byte each, before anything else has its turn. From the first
 * crumb too many on, none of them is taken in.
 * @param leastBytes that pieces have on average @param onCrumbs may be called again
 */
export function watchPieces(body: Readable, leastBytes: number, onCrumbs: () => void): void {
  let pieces = 0;
  let bytes = 0;
  const push = body.push;
  body.push = (piece: Uint8Array | null, encoding?: BufferEncoding) => {
    if (piece !== null) {
      pieces++;
      bytes += piece.length;
      if (pieces > FREE_PIECES && bytes < pieces * leastBytes) {
        onCrumbs();
        return false;
      }
    }
    return push.call(body, piece, encoding);
  };
}
