/** OUCH messages out of their fields. */
import { viewOf } from '@outcry/wire/layout';

/** A message with an appendage; null: of a type that has none. */
export function ouchMessage(type: any, fields: Record<string, number | string>, tags: number[] | null = []): Uint8Array {
  const bytes = new Uint8Array(type.length + (tags === null ? 0 : 2 + tags.length));
  const view = viewOf(bytes);
  const flyweight = type.begin(new type.View(), view, 0);
  for (const [name, value] of Object.entries(fields)) {
    const isLetter = typeof value === 'string' && type.fields[name].bytes === 1;
    flyweight[name] = isLetter ? (value as string).charCodeAt(0) : value;
  }
  if (tags === null) return bytes;
  view.setUint16(type.length, tags.length);
  bytes.set(tags, type.length + 2);
  return bytes;
}
