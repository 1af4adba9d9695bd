/** Spans of shared memory, and views of them. */
import { addressOf, adviseHugePages, HUGE_PAGE, PAGE } from './libc.ts';
import type { Span } from './piece.ts';

export type { Span } from './piece.ts';

export const CACHE_LINE = 64;
/** From here on a reservation takes whole huge pages. */
const WORTH_HUGE_PAGES = 128 * 1024;

/**
 * Reserves shared memory, zeroed, on a 64-byte boundary. The system backs a page when it is first touched, so a generous
 * reservation costs address space and no memory. Large reservations begin at a page, and are put on huge pages where the system
 * allows it.
 *
 * V8 places large buffers 16 bytes behind a page boundary: records that are meant to fill a cache line would lie in two. Where the
 * address is known (koffi, Linux) the reservation begins at the next boundary instead.
 */
export function reserve(bytes: number): Span {
  const alignment = bytes >= WORTH_HUGE_PAGES ? HUGE_PAGE : bytes >= PAGE ? PAGE : CACHE_LINE;
  const length = alignment === HUGE_PAGE ? alignUp(bytes, HUGE_PAGE) : bytes;
  const buffer = new SharedArrayBuffer(length + alignment);
  const address = addressOf(buffer);
  const byteOffset = address === undefined ? 0 : alignUp(address, alignment) - address;
  if (alignment === HUGE_PAGE) adviseHugePages({ buffer, byteOffset, byteLength: length });
  return { buffer, byteOffset, byteLength: bytes };
}

/** A part of a span. Throws RangeError beyond its end. */
export function within({ buffer, byteOffset, byteLength }: Span, offset: number, bytes: number): Span {
  if (offset < 0 || offset + bytes > byteLength) throw new RangeError(`${bytes} bytes at ${offset} of a span of ${byteLength}`);
  return { buffer, byteOffset: byteOffset + offset, byteLength: bytes };
}

export function i32Of(span: Span): Int32Array {
  return new Int32Array(span.buffer, span.byteOffset, span.byteLength >> 2);
}

export function u16Of(span: Span): Uint16Array {
  return new Uint16Array(span.buffer, span.byteOffset, span.byteLength >> 1);
}

export function f64Of(span: Span): Float64Array {
  return new Float64Array(span.buffer, span.byteOffset, Math.floor(span.byteLength / 8));
}

export function bytesOf(span: Span): Uint8Array {
  return new Uint8Array(span.buffer, span.byteOffset, span.byteLength);
}

/** The next multiple of an alignment. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
