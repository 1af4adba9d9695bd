/** Carries streams from one thread to connections of another. */
import { textFrame } from './frame.ts';
import { messageOf, type StreamReader, type StreamSource, type TextListener } from './streams.ts';
import { OVERRUN } from './ws-connection.ts';

/** Messages of one subscription that may be on their way: those of some turns of the thread that they come from. */
const MOST_UNTAKEN = 16_384;

/** A text for some subscriptions: those of one account's events have the same. */
type Text = [ids: number[], text: string, key: string | undefined];

/** What the two ends of a bridge say to each other. */
export type BridgeMessage =
  | { op: 'join'; id: number; stream: string }
  | { op: 'joined'; id: number; exists: boolean }
  | { op: 'leave'; id: number }
  | { op: 'texts'; texts: Text[] }
  | { op: 'taken'; counts: [id: number, count: number][] }
  /** Too much was on its way: the subscription is over. */
  | { op: 'overrun'; id: number };

/** What the far end of a bridge reads from. */
export interface ListenedSource {
  /** @param overrun called when the listener is to be disconnected: more than it may leave waits for it */
  listen(stream: string, listener: TextListener, overrun: () => void): boolean;
  unlisten(stream: string, listener: TextListener): void;
}

/** The near end: another thread's streams, for connections of this one. */
export class BridgedSource implements StreamSource {
  readonly #post: (message: BridgeMessage) => void;
  readonly #joined = new Map<number, { stream: string; reader: StreamReader; known: (exists: boolean) => void }>();
  readonly #ids = new Map<StreamReader, Map<string, number>>();
  #lastId = 0;

  constructor(post: (message: BridgeMessage) => void) {
    this.#post = post;
  }

  subscribe(stream: string, reader: StreamReader): Promise<boolean> {
    const id = ++this.#lastId;
    const own = this.#ids.get(reader) ?? new Map<string, number>();
    this.#ids.set(reader, own.set(stream, id));
    this.#post({ op: 'join', id, stream });
    return new Promise((known) => this.#joined.set(id, { stream, reader, known }));
  }

  unsubscribe(stream: string, reader: StreamReader): void {
    const id = this.#ids.get(reader)?.get(stream);
    if (id === undefined) return;
    this.#post({ op: 'leave', id });
    this.#forget(id);
  }

  /** The far end is a new one, which knows of no subscription. */
  joinAgain(): void {
    for (const [id, { stream }] of this.#joined) this.#post({ op: 'join', id, stream });
  }

  take(message: BridgeMessage): void {
    switch (message.op) {
      case 'joined':
        this.#joined.get(message.id)?.known(message.exists);
        if (!message.exists) this.#forget(message.id);
        break;
      case 'texts':
        this.#deliver(message.texts);
        break;
      case 'overrun':
        this.#joined.get(message.id)?.reader.connection.refuse(OVERRUN);
        this.#forget(message.id);
    }
  }

  #deliver(texts: readonly Text[]): void {
    const counts = new Map<number, number>();
    for (const [ids, text, key] of texts) {
      for (const id of ids) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        this.#deliverTo(id, text, key);
      }
    }
    this.#post({ op: 'taken', counts: [...counts] });
  }

  #deliverTo(id: number, text: string, key: string | undefined): void {
    const joined = this.#joined.get(id);
    if (joined === undefined) return;
    const { connection, isCombined } = joined.reader;
    const frame = textFrame(messageOf(joined.stream, isCombined, text));
    if (key === undefined) connection.queue(frame);
    else connection.queueLast(key, frame);
  }

  #forget(id: number): void {
    const joined = this.#joined.get(id);
    if (joined === undefined) return;
    joined.known(false);
    this.#joined.delete(id);
    const own = this.#ids.get(joined.reader);
    if (own?.get(joined.stream) === id) own.delete(joined.stream);
    if (own?.size === 0) this.#ids.delete(joined.reader);
  }
}

/** The far end: reads this thread's streams for connections of another. */
export class BridgeEnd {
  readonly #post: (message: BridgeMessage) => void;
  readonly #source: ListenedSource;
  readonly #listeners = new Map<number, { stream: string; listener: TextListener; untaken: number }>();
  #texts: Text[] = [];

  constructor(post: (message: BridgeMessage) => void, source: ListenedSource) {
    this.#post = post;
    this.#source = source;
  }

  take(message: BridgeMessage): void {
    switch (message.op) {
      case 'join':
        this.#join(message.id, message.stream);
        break;
      case 'leave':
        this.#leave(message.id);
        break;
      case 'taken':
        for (const [id, count] of message.counts) {
          const joined = this.#listeners.get(id);
          if (joined !== undefined) joined.untaken -= count;
        }
    }
  }

  /** The other thread is gone. */
  close(): void {
    for (const id of [...this.#listeners.keys()]) this.#leave(id);
  }

  #join(id: number, stream: string): void {
    const listener: TextListener = (text, key) => this.#forward(id, text, key);
    this.#listeners.set(id, { stream, listener, untaken: 0 });
    const exists = this.#source.listen(stream, listener, () => this.#overrun(id));
    if (!exists) this.#listeners.delete(id);
    this.#post({ op: 'joined', id, exists });
  }

  #leave(id: number): void {
    const joined = this.#listeners.get(id);
    if (joined !== undefined) this.#source.unlisten(joined.stream, joined.listener);
    this.#listeners.delete(id);
  }

  #overrun(id: number): void {
    this.#leave(id);
    this.#post({ op: 'overrun', id });
  }

  #forward(id: number, text: string, key: string | undefined): void {
    const joined = this.#listeners.get(id);
    if (joined === undefined) return;
    if (++joined.untaken > MOST_UNTAKEN) {
      this.#overrun(id);
      return;
    }
    const last = this.#texts.at(-1);
    if (last !== undefined && last[1] === text && last[2] === key && !last[0].includes(id)) {
      last[0].push(id);
      return;
    }
    if (this.#texts.push([[id], text, key]) > 1) return;
    queueMicrotask(() => this.#post({ op: 'texts', texts: this.#texts.splice(0) }));
  }
}
