/** Streams and their readers: each update is framed once for all of them. */
import { textFrame } from './frame.ts';
import type { Connection } from './ws-connection.ts';

/** Who reads streams over a connection. */
export interface StreamReader {
  readonly connection: Connection;
  /** whether each message names its stream */
  readonly isCombined: boolean;
}

/** A listener in place of a connection: the other end of a bridge. @param key of a last value: what it is of */
export type TextListener = (text: string, key: string | undefined) => void;

/** Where streams come from: this thread, or another's by a bridge. */
export interface StreamSource {
  /** Whether there is such a stream, and its reader hears it from now on. */
  subscribe(stream: string, reader: StreamReader): boolean | Promise<boolean>;
  unsubscribe(stream: string, reader: StreamReader): void;
}

/** What a message of a stream looks like to a reader. */
export function messageOf(stream: string, isCombined: boolean, text: string): string {
  return isCombined ? `{"stream":"${stream}","data":${text}}` : text;
}

/** A text of a stream, and of a last value what it is of. */
export interface StreamText {
  text: string;
  key: string | undefined;
}

/** One stream's readers, by the form that they read, and what is to be sent to them. Each update is framed once for all of a form. */
export class Stream {
  readonly name: string;
  /** partial depth: the update that was sent last */
  sent = -1;
  /** klines: the candle that was sent last, as it was */
  candle = { openTime: 0, trades: 0, closed: false };
  readonly #readers: readonly [plain: Set<Connection>, combined: Set<Connection>] = [new Set(), new Set()];
  readonly #listeners = new Set<TextListener>();
  /** those that have not got the present value yet: they hear nothing before it */
  #newcomers: StreamReader[] = [];
  #newListeners: TextListener[] = [];
  #queued: StreamText[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    const [plain, combined] = this.#readers;
    return plain.size + combined.size + this.#listeners.size + this.#newcomers.length + this.#newListeners.length === 0;
  }

  get hasNewcomers(): boolean {
    return this.#newcomers.length + this.#newListeners.length > 0;
  }

  /** @param isValue whether its present value is told first */
  add(reader: StreamReader, isValue: boolean): void {
    if (isValue) this.#newcomers.push(reader);
    else this.#readers[reader.isCombined ? 1 : 0].add(reader.connection);
  }

  listen(listener: TextListener, isValue: boolean): void {
    if (isValue) this.#newListeners.push(listener);
    else this.#listeners.add(listener);
  }

  remove({ connection }: StreamReader): void {
    for (const readers of this.#readers) readers.delete(connection);
    this.#newcomers = this.#newcomers.filter((newcomer) => newcomer.connection !== connection);
  }

  unlisten(listener: TextListener): void {
    this.#listeners.delete(listener);
    this.#newListeners = this.#newListeners.filter((other) => other !== listener);
  }

  /** Returns whether it is the first of this turn. */
  queue(text: string, key?: string): boolean {
    return this.#queued.push({ text, key }) === 1;
  }

  /** Sends what is queued to the readers that have the present value. @param tamper what a demo's faults leave of it */
  deliver(tamper?: (texts: StreamText[]) => StreamText[]): void {
    const queued = tamper === undefined ? this.#queued : tamper(this.#queued);
    this.#queued = [];
    if (queued.length === 0) return;
    for (const [form, readers] of this.#readers.entries()) {
      if (readers.size === 0) continue;
      const frames = queued.map(({ text }) => textFrame(messageOf(this.name, form === 1, text)));
      if (queued[0].key === undefined) {
        const all = frames.length === 1 ? frames[0] : Buffer.concat(frames);
        for (const connection of readers) connection.queue(all);
      } else for (const connection of readers) for (const [i, frame] of frames.entries()) connection.queueLast(queued[i].key!, frame);
    }
    for (const listener of this.#listeners) for (const { text, key } of queued) listener(text, key);
  }

  /** Tells newcomers what the present is, and counts them in. */
  welcome(present: readonly StreamText[]): void {
    const frames = [0, 1].map((form) =>
      this.#newcomers.length === 0 ? [] : present.map(({ text }) => textFrame(messageOf(this.name, form === 1, text))),
    );
    for (const { connection, isCombined } of this.#newcomers) {
      const form = isCombined ? 1 : 0;
      for (const [i, frame] of frames[form].entries()) connection.queueLast(present[i].key ?? this.name, frame);
      this.#readers[form].add(connection);
    }
    for (const listener of this.#newListeners) {
      for (const { text, key } of present) listener(text, key);
      this.#listeners.add(listener);
    }
    this.#newcomers = [];
    this.#newListeners = [];
  }
}
