/** Writes OUCH's messages into the logs of sessions. */
import { setU64 } from '@outcry/wire/layout';
import { AppendageWriter, TAG } from '@outcry/wire/ouch50';
import type { Flow, OuchPort } from './port.ts';

const DAY_US = 86_400e6;
/** Bytes of the length that an appendage begins with, and of the tag that names a channel. */
export const APPENDAGE_HEAD = 2;
export const CHANNEL_TAG = 3;

/** Where a kind of message has its length and its type. */
interface MessageType {
  readonly type: number;
  readonly length: number;
}

/** Writes messages into the logs of ports: the head with the time that was set last, and the appendage that names a channel. */
export class AnswerWriter {
  readonly #dirty: OuchPort[] = [];
  /** nanoseconds since midnight of the time set last, and that time in microseconds since 1970; -1: the clock's */
  #timestamp = 0;
  #time = -1;

  /** The messages that follow are of an event. @param time its time in microseconds since 1970 */
  stamp(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#timestamp = (time % DAY_US) * 1000;
  }

  /** The messages that follow are the door's own. */
  stampNow(): void {
    this.#time = -1;
    this.#timestamp = ((Date.now() * 1000) % DAY_US) * 1000;
  }

  /**
   * Begins a message that may name a channel. Returns where it begins in the log's view.
   * @param isOpen whether the message always has an appendage's length; others have one only for a channel that is not 0
   */
  begin(port: OuchPort, flow: Flow, type: MessageType, isOpen: boolean): number {
    return this.claim(port, type, flow.channel === 0 ? (isOpen ? APPENDAGE_HEAD : 0) : APPENDAGE_HEAD + CHANNEL_TAG);
  }

  /** Begins a message with so many bytes behind its fields. Returns where it begins in the log's view. */
  claim({ log }: OuchPort, { type, length }: MessageType, appendageBytes: number): number {
    const to = log.claim(length + appendageBytes);
    log.view.setUint8(to, type);
    setU64(log.view, to + 1, this.#timestamp);
    return to;
  }

  /** Ends a message that {@link begin} began. */
  finish(port: OuchPort, flow: Flow, to: number, { length }: MessageType, isOpen: boolean): void {
    if (flow.channel !== 0)
      appendage
        .open(port.log.view, to + length)
        .u8(TAG.USER_REF_INDEX, flow.channel)
        .finish();
    else if (isOpen) port.log.view.setUint16(to + length, 0);
    this.written(port);
  }

  /** Ends a message: the next flush sends it. */
  written(port: OuchPort): void {
    if (port.isDirty) return;
    port.isDirty = true;
    this.#dirty.push(port);
  }

  /** Puts what was written into the logs, and on its way. */
  flush(): void {
    for (const port of this.#dirty) {
      port.isDirty = false;
      port.log.flush();
    }
    this.#dirty.length = 0;
  }
}

const appendage = new AppendageWriter();

/** Bytes of a client order id (OUCH 5.0, section 2.1). */
export const ID_BYTES = 14;

/** Copies bytes of a message, four at a time. */
export function copyBytes(from: DataView, at: number, to: DataView, toAt: number, bytes: number): void {
  let i = 0;
  for (; i + 4 <= bytes; i += 4) to.setUint32(toAt + i, from.getUint32(at + i));
  for (; i < bytes; i++) to.setUint8(toAt + i, from.getUint8(at + i));
}
