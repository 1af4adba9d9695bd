/** Layouts of records: which field lies where, with words that several names share. */

/** What a field may be, and how many bytes it takes. A number stands for so many bytes of anything, text say. */
const SIZES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, f64: 8, i64: 8 } as const;

export type ElementType = keyof typeof SIZES;
export type FieldType = ElementType | number | Several;

/** Elements of one type in a row, see {@link several}. */
export interface Several {
  readonly element: ElementType;
  readonly count: number;
}

/** Bytes with several names, see {@link union}. */
export interface Union<Alternatives extends Members = Members> {
  readonly union: Alternatives;
}

/** Fields by name, in their order. A group or a union has fields of its own, and its name is for errors. */
export interface Members {
  readonly [name: string]: FieldType | Union | Members;
}

/** The names of all fields, those in groups and unions with them. */
export type FieldName<M> = M extends Union<infer Alternatives> ? NamesIn<Alternatives> : NamesIn<M>;
type NamesIn<M> = { [Name in keyof M & string]: M[Name] extends FieldType ? Name : FieldName<M[Name]> }[keyof M & string];

export interface RecordOptions {
  /** the record's size is rounded up to this: 64 so that two writers of neighbours never share a cache line. Default: 8 */
  readonly align?: number;
  /** the record's size, which its fields must fit; default: what they take */
  readonly bytes?: number;
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
  /** elements in a row: 1, but for {@link several} */
  readonly count: number;
}

/** A row of elements. @param count from 1 */
export function several(element: ElementType, count: number): Several {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${count} elements in a row: must be a whole number from 1`);
  return { element, count };
}

/**
 * Names for the same bytes: each alternative, a field or a group of fields, begins where the union begins. The union is as long as the
 * longest of them, so that no alternative reaches into what follows.
 *
 *     record({ HEAD: 'i32', body: union({ TEXT: several('i32', 3), order: { ACCOUNT: 'i32', PRICE: 'i32' } }), F64_TIME: 'f64' })
 */
export function union<const Alternatives extends Members>(alternatives: Alternatives): Union<Alternatives> {
  return { union: alternatives };
}

/**
 * Lays out a record, field by field, each at a multiple of its size, without reordering: put the largest first to save gaps. Throws
 * RangeError for a layout that does not fit its size, a name that is used twice, and a type that does not exist.
 *
 *     const quote = record({ price: 'f64', lots: 'i32', symbol: 8 }, { align: 64 });
 *     i32[(at + quote.fields.lots.offset) >> 2]
 */
export function record<const M extends Members>(
  members: M,
  { align = 8, bytes: wanted }: RecordOptions = {},
): RecordShape<FieldName<M> & string> {
  if (!Number.isInteger(Math.log2(align)) || align < 1) throw new RangeError(`a record aligned to ${align} bytes: must be a power of two`);
  const fields: Record<string, FieldShape> = {};
  const end = layOut(members, 0, fields);
  const bytes = wanted ?? alignUp(end, Math.max(align, 4));
  if (end > bytes || bytes % 4 !== 0) throw new RangeError(`a record of ${bytes} bytes: its fields take ${end}`);
  return { bytes, words: bytes / 4, fields: fields as Record<FieldName<M> & string, FieldShape> };
}

/** @returns where the members end */
function layOut(members: Members, start: number, fields: Record<string, FieldShape>): number {
  let end = start;
  for (const [name, member] of Object.entries(members)) {
    if (isUnion(member)) {
      const begin = alignUp(end, alignmentOf(member));
      end = begin;
      for (const [each, alternative] of Object.entries(member.union)) end = Math.max(end, layOut({ [each]: alternative }, begin, fields));
    } else if (isGroup(member)) end = layOut(member, end, fields);
    else {
      if (Object.hasOwn(fields, name)) throw new RangeError(`field '${name}' is in a record twice`);
      const size = sizeOf(name, member);
      const count = typeof member === 'object' ? member.count : 1;
      const bytes = typeof member === 'number' ? member : size * count;
      const offset = alignUp(end, size);
      fields[name] = { type: member, offset, bytes, index: offset / size, count };
      end = offset + bytes;
    }
  }
  return end;
}

/** Where a union may begin: all its alternatives begin there, so at a multiple of what any of their first fields needs. */
function alignmentOf(member: FieldType | Union | Members): number {
  if (isUnion(member)) return Math.max(...Object.values(member.union).map(alignmentOf));
  if (isGroup(member)) return alignmentOf(Object.values(member)[0]);
  return sizeOf('', member);
}

function sizeOf(name: string, type: FieldType): number {
  const size = typeof type === 'number' ? (type > 0 ? 1 : undefined) : SIZES[typeof type === 'object' ? type.element : type];
  if (size !== undefined) return size;
  throw new RangeError(`field '${name}' of type '${type}': must be one of ${Object.keys(SIZES).join(', ')}, or a number of bytes`);
}

function isUnion(member: FieldType | Union | Members): member is Union {
  return typeof member === 'object' && 'union' in member;
}

function isGroup(member: FieldType | Members): member is Members {
  return typeof member === 'object' && !('element' in member);
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** A record's fields as plain indices, for code that runs millions of times a second. */
export type Offsets<Name extends string> = Readonly<Record<Name | 'BYTES' | 'WORDS' | 'SHIFT' | 'F64_WORDS' | 'F64_SHIFT', number>>;

/**
 * A record as indices by name: of 32-bit words, and of float64s for fields whose names begin with F64_. `(number << SHIFT) | NAME` is a
 * word of the record with that number. Hot modules take what they use into constants of their own. Throws RangeError for a record whose
 * length is no power of two, and for a field whose name and type disagree.
 */
export function offsets<Name extends string>({ bytes, words, fields }: RecordShape<Name>): Offsets<Name> {
  const shift = Math.log2(words);
  if (!Number.isInteger(shift)) throw new RangeError(`a record of ${bytes} bytes: must be a power of two`);
  const indices = Object.entries<FieldShape>(fields).map(([name, { type, index }]) => {
    const element = typeof type === 'object' ? type.element : type;
    if (element !== (name.startsWith('F64_') ? 'f64' : 'i32'))
      throw new RangeError(`field '${name}' of type '${element}': F64_ says f64, else it is i32`);
    return [name, index] as const;
  });
  // V8 turns an object that is filled name by name into a dictionary, which is slow to read; not so one from entries.
  return Object.fromEntries([
    ['BYTES', bytes],
    ['WORDS', words],
    ['SHIFT', shift],
    ['F64_WORDS', words / 2],
    ['F64_SHIFT', shift - 1],
    ...indices,
  ]) as Offsets<Name>;
}

/** Throws RangeError when a table numbers something that has no place in a row: it would be written over what follows the row. */
export function assertFits(what: string, numbers: Readonly<Record<string, number>>, { count }: FieldShape): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (number < 0 || number >= count) throw new RangeError(`${what} ${name} is number ${number}: its record has places 0 to ${count - 1}`);
  }
}
