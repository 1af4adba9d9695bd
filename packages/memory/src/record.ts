import { alignUp } from './span.ts';

/** What a field may be, and how many bytes it takes. A number stands for so many bytes of anything, text say. */
const SIZES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, f64: 8, i64: 8 } as const;

export type FieldType = keyof typeof SIZES | number;

export interface RecordOptions {
  /** the record's size is rounded up to this: 64 so that two writers of neighbours never share a cache line. Default: 8 */
  readonly align?: number;
}

/** Where a record's fields lie. `field.i32` is an index for a view of 32-bit words that begins where the record does, and so on. */
export interface RecordShape<Name extends string> {
  readonly bytes: number;
  /** bytes / 4: the distance of neighbours in 32-bit words */
  readonly words: number;
  readonly fields: Readonly<Record<Name, FieldShape>>;
}

export interface FieldShape {
  readonly type: FieldType;
  /** bytes from the record's start, a multiple of the field's size */
  readonly offset: number;
  readonly bytes: number;
  /** the field's index in a view of elements of its size */
  readonly index: number;
}

/**
 * Lays out a record, field by field, each at a multiple of its size, without reordering: put the largest first to save gaps.
 *
 *     const quote = record({ price: 'f64', lots: 'i32', symbol: 8 }, { align: 64 });
 *     i32[(at + quote.fields.lots.offset) >> 2]
 */
export function record<Name extends string>(
  fields: Readonly<Record<Name, FieldType>>,
  { align = 8 }: RecordOptions = {},
): RecordShape<Name> {
  if (!Number.isInteger(Math.log2(align)) || align < 1) throw new RangeError(`a record aligned to ${align} bytes: must be a power of two`);
  const shapes = {} as Record<Name, FieldShape>;
  let end = 0;
  for (const name of Object.keys(fields) as Name[]) {
    const type: FieldType = fields[name];
    const bytes = typeof type === 'number' ? type : SIZES[type];
    if (!(bytes > 0))
      throw new RangeError(`field '${name}' of type '${type}': must be one of ${Object.keys(SIZES).join(', ')}, or a number of bytes`);
    const size = typeof type === 'number' ? 1 : bytes;
    const offset = alignUp(end, size);
    shapes[name] = { type, offset, bytes, index: offset / size };
    end = offset + bytes;
  }
  const bytes = alignUp(end, Math.max(align, 4));
  return { bytes, words: bytes / 4, fields: shapes };
}
