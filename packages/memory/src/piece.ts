/** A piece of memory, most often shared: plain data, to be passed to other threads in a message. A typed array is one too. */
export interface Span {
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  readonly byteOffset: number;
  readonly byteLength: number;
}
