import type { StreamReader, StreamSource, TextListener } from './streams.ts';
import type { UserStreams } from './user-streams.ts';
import { OVERRUN } from './ws-connection.ts';

/** Account events as streams that are named by listen keys, for connections of this thread and for bridges. */
export class ListenKeys implements StreamSource {
  readonly #users: UserStreams;
  readonly #ends = new Map<StreamReader | TextListener, Map<string, () => void>>();

  constructor(users: UserStreams) {
    this.#users = users;
  }

  exists(name: string): boolean {
    return this.#users.hasListenKey(name);
  }

  subscribe(name: string, reader: StreamReader): boolean {
    const head = reader.isCombined ? `{"stream":"${name}","data":` : '';
    const tail = reader.isCombined ? '}' : '';
    return this.#note(
      name,
      reader,
      this.#users.listen(
        name,
        (event) => reader.connection.queue(event.frame(head, tail)),
        () => reader.connection.refuse(OVERRUN),
      ),
    );
  }

  listen(name: string, listener: TextListener, overrun: () => void): boolean {
    return this.#note(
      name,
      listener,
      this.#users.listen(name, ({ text }) => listener(text, undefined), overrun),
    );
  }

  unsubscribe(name: string, reader: StreamReader): void {
    this.#end(name, reader);
  }

  unlisten(name: string, listener: TextListener): void {
    this.#end(name, listener);
  }

  #note(name: string, who: StreamReader | TextListener, end: (() => void) | undefined): boolean {
    if (end === undefined) return false;
    const own = this.#ends.get(who) ?? new Map<string, () => void>();
    own.get(name)?.();
    this.#ends.set(who, own.set(name, end));
    return true;
  }

  #end(name: string, who: StreamReader | TextListener): void {
    const own = this.#ends.get(who);
    own?.get(name)?.();
    own?.delete(name);
    if (own?.size === 0) this.#ends.delete(who);
  }
}
