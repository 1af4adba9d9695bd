/** Counts a client's control and continuation frames, and limits them. */
import type { Duplex } from 'node:stream';
import { Throttle } from '../../core/fairness/throttle.ts';
import type { Connection } from './ws-connection.ts';

/** Frame heads, RFC 6455, section 5.2. */
const OPCODE = 0x0f;
const CONTINUATION = 0;
const FIRST_CONTROL = 8;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
/** Of frames that are no message's first: a client may be so far ahead of its messages a second. */
const MOST_AHEAD_MS = 1000;

/** Counts what of a WebSocket's bytes is no message's first frame: pings, pongs, closes and continuations. */
export class FrameCounter {
  readonly #head = Buffer.alloc(10);
  #headBytes = 0;
  /** of the frame's mask and payload, still to come */
  #left = 0;

  /** Returns how many such frames begin in a chunk. */
  count(chunk: Buffer): number {
    let count = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const bytes = Math.min(this.#left, chunk.length - at);
        this.#left -= bytes;
        at += bytes;
        continue;
      }
      this.#head[this.#headBytes++] = chunk[at++];
      if (this.#headBytes < this.#headLength()) continue;
      const opcode = this.#head[0] & OPCODE;
      if (opcode === CONTINUATION || opcode >= FIRST_CONTROL) count++;
      this.#left = this.#bodyLength();
      this.#headBytes = 0;
    }
    return count;
  }

  /** Bytes of the head, as far as they can be known by now. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const length = this.#head[1] & LENGTH;
    return length === LENGTH_16 ? 4 : length === LENGTH_64 ? 10 : 2;
  }

  #bodyLength(): number {
    const mask = (this.#head[1] & MASKED) === 0 ? 0 : MASK_BYTES;
    const length = this.#head[1] & LENGTH;
    if (length === LENGTH_16) return mask + this.#head.readUInt16BE(2);
    if (length === LENGTH_64) return mask + Number(this.#head.readBigUInt64BE(2)); // the receiver refuses what is too long
    return mask + length;
  }
}

/**
 * Disconnects a client that sends more pings, pongs and fragments than it may messages a second, as Binance does: before the chunk with them
 * is worked off, since thousands fit into one. The throttle of messages does not see them.
 * @param transport of the connection, which is being opened: nothing was read of it yet @param perSecond 0: any number
 */
export function limitFrames(connection: Connection, transport: Duplex, perSecond: number): void {
  if (perSecond === 0) return;
  const frames = new FrameCounter();
  const throttle = new Throttle(perSecond);
  const receivers = transport.listeners('data') as ((chunk: Buffer) => void)[];
  for (const receiver of receivers) transport.off('data', receiver);
  let isOver = false;
  transport.on('data', (chunk: Buffer) => {
    if (isOver) return;
    isOver = throttle.take(frames.count(chunk)) > MOST_AHEAD_MS;
    if (!isOver) for (const receiver of receivers) receiver.call(transport, chunk);
    else {
      connection.refuse('too many control frames or fragments');
      transport.pause();
    }
  });
}
