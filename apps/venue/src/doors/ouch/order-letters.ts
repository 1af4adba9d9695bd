/** The four letters that OUCH gives an order with, in one word: side, capacity, time in force and display, a byte each, the side lowest. */

export function packLetters(side: number, capacity: number, timeInForce: number, display: number): number {
  return side | (capacity << 8) | (timeInForce << 16) | (display << 24);
}

export function sideLetterOf(letters: number): number {
  return letters & 0xff;
}
export function capacityLetterOf(letters: number): number {
  return (letters >>> 8) & 0xff;
}
export function timeInForceLetterOf(letters: number): number {
  return (letters >>> 16) & 0xff;
}
export function displayLetterOf(letters: number): number {
  return letters >>> 24;
}

export function withSideLetter(letters: number, side: number): number {
  return (letters & ~0xff) | side;
}
