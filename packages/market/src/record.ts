/** Venue records as commands: their bytes in pieces. */
import { COMMAND, command, commandHead, wordOfPiece } from './command.ts';

/** What gateways keep in the journal under a name (printable ASCII): see PUT_RECORD. */
export interface VenueRecord {
  readonly name: string;
  /** undefined: it is removed */
  readonly value: Uint8Array | undefined;
}

const PIECE_BYTES = command.PIECE_WORDS * 4;

/** PIECEs that a record takes. */
export function pieceCount({ name, value }: VenueRecord): number {
  return Math.ceil((name.length + (value?.length ?? 0)) / PIECE_BYTES);
}

/** Writes a record's PIECEs. @param wordOf the word offset of the n-th @param time microseconds since 1970 @returns how many */
export function writePieces(i32: Int32Array, f64: Float64Array, wordOf: (n: number) => number, record: VenueRecord, time: number): number {
  const count = pieceCount(record);
  const words = new Int32Array(count * command.PIECE_WORDS);
  const bytes = new Uint8Array(words.buffer);
  for (let i = 0; i < record.name.length; i++) bytes[i] = record.name.charCodeAt(i);
  if (record.value !== undefined) bytes.set(record.value, record.name.length);
  for (let n = 0; n < count; n++) {
    const at = wordOf(n);
    i32.fill(0, at, at + command.WORDS);
    i32[at + command.HEAD] = commandHead(COMMAND.PIECE);
    f64[(at >> 1) + command.F64_TIME] = time;
    for (let i = 0; i < command.PIECE_WORDS; i++) i32[at + wordOfPiece(i)] = words[n * command.PIECE_WORDS + i];
  }
  return count;
}
