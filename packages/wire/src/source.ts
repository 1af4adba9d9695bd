/** Where the bytes of a file are read from. */

/** Where a file's bytes come from: a file, or memory. */
export interface ByteSource {
  /** Puts at most so many bytes at an offset. Returns how many; 0: no more. */
  read(into: Uint8Array, at: number, bytes: number): number;
}

/** The part of a source that is being read: what is needed of it lies together in memory. */
export class SourceWindow {
  readonly view: DataView;
  /** where in `view` the next byte is */
  at = 0;
  /** and in the source */
  offset = 0;
  readonly #source: ByteSource;
  readonly #buffer: Uint8Array;
  #end = 0;

  /** @param bytes the most that can be needed at a time */
  constructor(source: ByteSource, bytes: number) {
    this.#source = source;
    this.#buffer = new Uint8Array(bytes);
    this.view = new DataView(this.#buffer.buffer);
  }

  /** Has so many bytes from `at` on, which may move, if the source has them. */
  need(bytes: number): boolean {
    if (this.#end - this.at >= bytes) return true;
    this.#buffer.copyWithin(0, this.at, this.#end);
    this.#end -= this.at;
    this.at = 0;
    while (this.#end < bytes) {
      const read = this.#source.read(this.#buffer, this.#end, this.#buffer.length - this.#end);
      if (read === 0) return false;
      this.#end += read;
    }
    return true;
  }

  skip(bytes: number): void {
    this.at += bytes;
    this.offset += bytes;
  }

  /** Whether bytes were read that were not enough for what was needed. */
  get hasRest(): boolean {
    return this.#end > this.at;
  }
}

/** A source that reads memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  let next = 0;
  return {
    read(into, at, most) {
      const piece = bytes.subarray(next, next + most);
      into.set(piece, at);
      next += piece.length;
      return piece.length;
    },
  };
}
