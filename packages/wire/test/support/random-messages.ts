/** Random values for any field of a message. */
import { type Field, letter, type MessageType, u8 } from '@outcry/wire/layout';
import fc from 'fast-check';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** A value that a field can carry there and back. */
function arbitraryOf(field: Field<number> | Field<string>): fc.Arbitrary<number | string> {
  const sample = field.get(new DataView(new ArrayBuffer(64)), 0);
  if (typeof sample === 'string') return fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: field.bytes });
  if (field === letter) return fc.constantFrom(...LETTERS).map((text) => text.charCodeAt(0));
  const most = Math.min(2 ** (field.bytes * 8) - 1, Number.MAX_SAFE_INTEGER);
  return field === u8
    ? fc.integer({ min: 0, max: 255 })
    : fc.oneof(
        fc.constantFrom(0, 1, most),
        fc.maxSafeNat().map((n) => n % (most + 1)),
      );
}

/** The fields of a message with values. */
export function fieldsOf({ fields }: MessageType): fc.Arbitrary<Record<string, number | string>> {
  return fc.record(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, arbitraryOf(field)])));
}

/** Writes a message. */
export function write(type: MessageType, view: DataView, at: number, values: Record<string, number | string>): void {
  const flyweight = type.begin(new type.View() as never, view, at) as unknown as Record<string, number | string>;
  for (const [name, value] of Object.entries(values)) flyweight[name] = value;
}
