import { f64Of, i32Of, reserve } from '@outcry/memory/span';

/** Memory on huge pages where there are some: what is looked up at random pays for each page that it touches. */
export function words(count: number): Int32Array {
  return i32Of(reserve(count * 4));
}

/** The same memory as float64 numbers. */
export function numbersOf(array: Int32Array): Float64Array {
  return f64Of(array);
}

/** Twice the memory, with what was there. */
export function grown(array: Int32Array): Int32Array {
  const wider = words(array.length * 2);
  wider.set(array);
  return wider;
}
