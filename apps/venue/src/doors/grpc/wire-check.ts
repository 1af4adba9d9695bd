import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/**
 * What a decoder of protobuf passes over in silence, for it was made to: it cuts numbers to the width of their field, takes the last of a
 * field that is there twice, and a field of another wire type as if it were its own. Any of these would be another order than the one that
 * was sent, so the bytes of a request are looked at before they are decoded: once, from the front, without making an object.
 */

/** What a field's bytes must be. */
const NOT_THERE = 0;
const UNSIGNED_32 = 1;
/** negative ones are written with 64 bits */
const SIGNED_32 = 2;
const ANY_64 = 3;
const TRUTH = 4;
const FIXED_32 = 5;
const FIXED_64 = 6;
const BYTES = 7;
type Kind =
  | typeof NOT_THERE
  | typeof UNSIGNED_32
  | typeof SIGNED_32
  | typeof ANY_64
  | typeof TRUTH
  | typeof FIXED_32
  | typeof FIXED_64
  | typeof BYTES;

const KINDS: Record<ScalarType, Kind> = {
  [ScalarType.UINT32]: UNSIGNED_32,
  [ScalarType.SINT32]: UNSIGNED_32,
  [ScalarType.INT32]: SIGNED_32,
  [ScalarType.INT64]: ANY_64,
  [ScalarType.UINT64]: ANY_64,
  [ScalarType.SINT64]: ANY_64,
  [ScalarType.BOOL]: TRUTH,
  [ScalarType.FIXED32]: FIXED_32,
  [ScalarType.SFIXED32]: FIXED_32,
  [ScalarType.FLOAT]: FIXED_32,
  [ScalarType.FIXED64]: FIXED_64,
  [ScalarType.SFIXED64]: FIXED_64,
  [ScalarType.DOUBLE]: FIXED_64,
  [ScalarType.STRING]: BYTES,
  [ScalarType.BYTES]: BYTES,
};
/** By kind: the wire type of its fields. */
const VARINT = 0;
const WIRE_TYPES = [-1, VARINT, VARINT, VARINT, VARINT, 5, 1, 2];
const WIDTHS: Partial<Record<Kind, string>> = {
  [UNSIGNED_32]: '32 bits',
  [SIGNED_32]: '32 bits',
  [ANY_64]: '64 bits',
  [TRUTH]: 'true or false',
};
/** Field numbers of requests are small, and those that may be there once are few: they are bits of a word. */
const MOST_NUMBER = 255;
const MOST_SINGLE = 31;

/** A message's fields by their numbers. */
export interface WirePlan {
  readonly name: string;
  readonly kinds: Uint8Array;
  /** the bit that says that a field was there, or another one of its oneof; 0: it may be there many times */
  readonly bits: Int32Array;
  readonly fields: readonly (DescField | undefined)[];
  readonly nested: readonly (WirePlan | undefined)[];
}

const plans = new Map<DescMessage, WirePlan>();

/** Throws Error when a request has what is not looked at here: maps, and lists of numbers. */
export function wirePlanOf(type: DescMessage): WirePlan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const size = 1 + Math.max(0, ...type.fields.map(({ number }) => number));
  if (size > MOST_NUMBER) throw new Error(`${type.name} has field numbers above ${MOST_NUMBER}`);
  const fields: (DescField | undefined)[] = new Array(size).fill(undefined);
  const nested: (WirePlan | undefined)[] = new Array(size).fill(undefined);
  const plan = { name: type.name, kinds: new Uint8Array(size), bits: new Int32Array(size), fields, nested };
  plans.set(type, plan);
  const slots = new Map<unknown, number>();
  for (const field of type.fields) {
    const kind = kindOf(field);
    plan.kinds[field.number] = kind;
    fields[field.number] = field;
    if (field.message !== undefined) nested[field.number] = wirePlanOf(field.message);
    if (field.fieldKind === 'list') continue;
    const slot = slots.get(field.oneof ?? field) ?? slots.size;
    slots.set(field.oneof ?? field, slot);
    if (slot >= MOST_SINGLE) throw new Error(`${type.name} has more than ${MOST_SINGLE} fields`);
    plan.bits[field.number] = 1 << slot;
  }
  return plan;
}

function kindOf(field: DescField): Kind {
  const { fieldKind } = field;
  if (fieldKind === 'message' && !field.delimitedEncoding) return BYTES;
  if (fieldKind === 'enum') return SIGNED_32;
  if (fieldKind === 'scalar') return KINDS[field.scalar];
  if (
    fieldKind === 'list' &&
    (field.listKind === 'message' ? !field.delimitedEncoding : field.listKind === 'scalar' && KINDS[field.scalar] === BYTES)
  )
    return BYTES;
  throw new Error(`${field.parent.name}.${field.name}: fields of this kind are not looked at in requests`);
}

/** Looks at messages, one at a time. */
export class WireCheck {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  /** the varint that was read last */
  #low = 0;
  #high = 0;
  /** Of the last message: whether a decoder may stumble over its fault, or take what follows it for something else. */
  isBroken = false;

  /** Why a message cannot be decoded as it was meant; undefined: it can. A field that is not known is seen in what was decoded, too. */
  faultOf(plan: WirePlan, bytes: Uint8Array, from = 0, to = bytes.length): string | undefined {
    this.isBroken = false;
    this.#bytes = bytes;
    this.#at = from;
    return this.#message(plan, to, '');
  }

  #message(plan: WirePlan, end: number, path: string): string | undefined {
    let seen = 0;
    while (this.#at < end) {
      if (!this.#varint(end) || this.#high !== 0) return this.#broken(`${path}${plan.name} is malformed`);
      const number = this.#low >>> 3;
      const kind = number < plan.kinds.length ? plan.kinds[number] : NOT_THERE;
      if (kind === NOT_THERE) return `${path}${plan.name} has no field ${number}`;
      if ((this.#low & 7) !== WIRE_TYPES[kind]) return this.#broken(`${path}${plan.fields[number]!.name} has wire type ${this.#low & 7}`);
      if ((seen & plan.bits[number]) !== 0) return `${path}${again(plan.fields[number]!)}`;
      seen |= plan.bits[number];
      const fault = this.#value(plan, number, end, path);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #value(plan: WirePlan, number: number, end: number, path: string): string | undefined {
    const kind = plan.kinds[number] as Kind;
    if (kind === FIXED_32 || kind === FIXED_64) this.#at += kind === FIXED_32 ? 4 : 8;
    else if (!this.#varint(end)) return this.#broken(`${path}${plan.fields[number]!.name} does not fit 64 bits, or has no end`);
    else if (kind !== BYTES) return this.#fits(kind) ? undefined : `${path}${plan.fields[number]!.name} does not fit ${WIDTHS[kind]}`;
    else if (this.#high !== 0 || this.#low < 0) this.#at = end + 1;
    else {
      const nested = plan.nested[number];
      const valueEnd = this.#at + this.#low;
      if (nested !== undefined && valueEnd <= end) return this.#message(nested, valueEnd, `${path}${plan.fields[number]!.name}.`);
      this.#at = valueEnd;
    }
    return this.#at > end ? this.#broken(`${path}${plan.fields[number]!.name} has no end`) : undefined;
  }

  #broken(why: string): string {
    this.isBroken = true;
    return why;
  }

  #fits(kind: Kind): boolean {
    if (kind === UNSIGNED_32) return this.#high === 0;
    if (kind === SIGNED_32) return this.#high === this.#low >> 31;
    return kind !== TRUTH || (this.#high === 0 && this.#low >>> 0 <= 1);
  }

  /** Reads a varint. False: it is cut off, or longer than 64 bits. */
  #varint(end: number): boolean {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; this.#at < end && shift < 70; shift += 7) {
      const byte = bytes[this.#at++];
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift > 28) high |= bits << (shift - 32);
      else {
        low |= bits << 28;
        high = bits >> 4;
      }
      if (byte >= 0x80) continue;
      this.#low = low;
      this.#high = high;
      return shift < 63 || byte <= 1;
    }
    return false;
  }
}

function again({ name, oneof }: DescField): string {
  return oneof === undefined ? `${name} is there twice` : `${name} is not the only ${oneof.name}`;
}
