/** A part of an arena: its place, and the head that says what lies there. */
import { alignUp, CACHE_LINE, i32Of, reserve, type Span } from './span.ts';

/** Gives a new part its memory: zeroed, on a 64-byte boundary. `arena.part(name)` is one; alone, a part has memory of its own. */
export type Placement = (bytes: number) => Span;

export const ALONE: Placement = reserve;

/** Every part begins with its kind, its version, its shape in numbers, and a checksum over those. */
const KIND = 0;
const VERSION = 1;
const CHECKSUM = 2;
const SHAPE = 3;
const THIS_VERSION = 2;

/** Bytes of a part's head with so many numbers of shape. */
export function headBytes(numbers: number): number {
  return alignUp((SHAPE + numbers) * 4, CACHE_LINE);
}

/** Four letters as a number. */
export function kindOf(letters: string): number {
  return [...letters].reduce((kind, letter, i) => kind | (letter.charCodeAt(0) << (8 * i)), 0);
}

export function writeHead(span: Span, letters: string, shape: readonly number[]): void {
  const words = i32Of(span);
  for (const [i, number] of shape.entries()) words[SHAPE + i] = number;
  words[VERSION] = THIS_VERSION;
  words[CHECKSUM] = checksum(kindOf(letters), shape);
  Atomics.store(words, KIND, kindOf(letters)); // last: who sees the kind sees the shape
}

/** Reads a part's shape. Throws when the memory holds no such part, or its head was overwritten. */
export function readHead(span: Span, letters: string, numbers: number): number[] {
  const words = i32Of(span);
  const kind = Atomics.load(words, KIND);
  if (kind !== kindOf(letters)) throw new Error(`no ${letters} here: the memory begins with 0x${(kind >>> 0).toString(16)}`);
  if (words[VERSION] !== THIS_VERSION) throw new Error(`a ${letters} of version ${words[VERSION]}; this program knows ${THIS_VERSION}`);
  const shape = [...words.subarray(SHAPE, SHAPE + numbers)];
  if (words[CHECKSUM] !== checksum(kind, shape)) throw new Error(`the head of a ${letters} was overwritten: its checksum is wrong`);
  return shape;
}

function checksum(kind: number, shape: readonly number[]): number {
  let sum = kind;
  for (const number of shape) sum = Math.imul(sum ^ number, 0x01000193) ^ (sum >>> 15);
  return sum;
}
