/**
 * Fixed binary messages as tables: a field is a kind and a place, and from the table come the flyweights that read and write it, the
 * offsets for code that must be as fast as it can, and the text for people.
 */

/** How a field is read and written. Numbers are big-endian (network order), as all of Nasdaq's protocols have them. */
export interface Field<T extends number | string> {
  readonly bytes: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

const TWO_32 = 2 ** 32;

export const u8: Field<number> = {
  bytes: 1,
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
};
export const u16: Field<number> = {
  bytes: 2,
  get: (view, at) => view.getUint16(at),
  set: (view, at, value) => view.setUint16(at, value),
};
export const u32: Field<number> = {
  bytes: 4,
  get: (view, at) => view.getUint32(at),
  set: (view, at, value) => view.setUint32(at, value),
};
export const i32: Field<number> = {
  bytes: 4,
  get: (view, at) => view.getInt32(at),
  set: (view, at, value) => view.setInt32(at, value),
};
/** Nanoseconds since midnight, in ITCH. */
export const u48: Field<number> = { bytes: 6, get: getU48, set: setU48 };
/** Exact up to 2^53 - 1; what is above loses its low bits, as a number of JavaScript does. */
export const u64: Field<number> = { bytes: 8, get: getU64, set: setU64 };

/** Text: ASCII, on the left, padded with spaces. Longer text is cut. */
export function alpha(bytes: number): Field<string> {
  return { bytes, get: (view, at) => getAlpha(view, at, bytes), set: (view, at, value) => setAlpha(view, at, bytes, value) };
}

/** One letter, as its ASCII code: compared without making a string. */
export const letter: Field<number> = { ...u8 };

/** The code of a letter, as such a field holds it. */
export function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}

export function getU48(view: DataView, at: number): number {
  return view.getUint16(at) * TWO_32 + view.getUint32(at + 2);
}
export function setU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / TWO_32));
  view.setUint32(at + 2, value >>> 0);
}
export function getU64(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_32 + view.getUint32(at + 4);
}
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32));
  view.setUint32(at + 4, value >>> 0);
}

const SPACE = 0x20;

export function getAlpha(view: DataView, at: number, bytes: number): string {
  let end = bytes;
  while (end > 0 && view.getUint8(at + end - 1) === SPACE) end--;
  let text = '';
  for (let i = 0; i < end; i++) text += String.fromCharCode(view.getUint8(at + i));
  return text;
}
export function setAlpha(view: DataView, at: number, bytes: number, value: string): void {
  for (let i = 0; i < bytes; i++) view.setUint8(at + i, i < value.length ? value.charCodeAt(i) & 0x7f : SPACE);
}

export type Fields = Readonly<Record<string, Field<number> | Field<string>>>;
export type Values<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A window on a message that lies in a buffer: made once, moved over many. */
export class Flyweight {
  view: DataView = NOWHERE;
  /** offset of the message's first byte, its type */
  at = 0;

  /** Looks at the message at an offset. Whoever calls has seen that it is whole: see {@link MessageSet.check}. */
  wrap(view: DataView, at: number): this {
    this.view = view;
    this.at = at;
    return this;
  }
}

const NOWHERE = new DataView(new ArrayBuffer(0));

export interface MessageType<F extends Fields = Fields> {
  readonly name: string;
  /** ASCII code of its first byte */
  readonly type: number;
  /** section of the specification */
  readonly section: string;
  /** bytes of the fixed part, its type byte among them */
  readonly length: number;
  readonly fields: F;
  /** offsets from the message's first byte */
  readonly at: { readonly [K in keyof F]: number };
  /** Flyweights: each field a property. */
  readonly View: new () => Flyweight & Values<F>;
  /** Writes the type byte and looks at the message: the fields are still to be set. */
  begin(flyweight: Flyweight & Values<F>, view: DataView, at: number): Flyweight & Values<F>;
  /** All fields as a plain object, letters as strings: for people, not for speed. */
  read(view: DataView, at: number): Record<string, number | string>;
}

/** @param type its first byte @param fields in their order on the wire, without the type */
export function message<F extends Fields>(name: string, type: string, section: string, fields: F): MessageType<F> {
  class View extends Flyweight {}
  const at: Record<string, number> = {};
  let length = 1;
  for (const [field, { bytes, get, set }] of Object.entries(fields)) {
    const offset = length;
    at[field] = offset;
    length += bytes;
    Object.defineProperty(View.prototype, field, {
      get(this: Flyweight) {
        return get(this.view, this.at + offset);
      },
      set(this: Flyweight, value: never) {
        set(this.view, this.at + offset, value);
      },
    });
  }
  const code = codeOf(type);
  return {
    name,
    type: code,
    section,
    length,
    fields,
    at: at as { [K in keyof F]: number },
    View: View as unknown as new () => Flyweight & Values<F>,
    begin(flyweight, view, offset) {
      view.setUint8(offset, code);
      return flyweight.wrap(view, offset);
    },
    read(view, offset) {
      const values: Record<string, number | string> = { message: name };
      for (const [field, kind] of Object.entries(fields)) {
        const value = kind.get(view, offset + at[field]);
        values[field] = kind === letter ? String.fromCharCode(value as number) : value;
      }
      return values;
    },
  };
}

/** What {@link MessageSet.check} answers where there is no whole message: below 0. */
export const WIRE_ERROR = {
  /** fewer bytes than the message has */
  TRUNCATED: -1,
  UNKNOWN_TYPE: -2,
  /** more bytes than the message has */
  OVERLONG: -3,
  /** elements inside the message do not fit each other */
  MALFORMED: -4,
} as const;

export const WIRE_ERROR_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(WIRE_ERROR).map(([name, code]) => [code, name.toLowerCase()]),
);

/** The messages of a protocol and a direction, by their first byte. */
export class MessageSet {
  readonly all: readonly MessageType[];
  /** length by type, 0: there is no such message */
  readonly lengths = new Uint8Array(256);
  readonly #byType: (MessageType | undefined)[] = new Array(256).fill(undefined);

  // biome-ignore lint/suspicious/noExplicitAny: messages differ in their fields, and nothing here looks at them
  constructor(all: readonly MessageType<any>[]) {
    this.all = all;
    for (const type of all) {
      if (this.#byType[type.type] !== undefined) throw new Error(`two messages of type '${String.fromCharCode(type.type)}'`);
      this.#byType[type.type] = type;
      this.lengths[type.type] = type.length;
    }
  }

  /** @param type a message's first byte */
  of(type: number): MessageType | undefined {
    return this.#byType[type];
  }

  /** Whether `bytes` bytes at an offset are one message of fixed length. Returns its length, or a {@link WIRE_ERROR}. */
  check(view: DataView, at: number, bytes: number): number {
    if (bytes < 1 || at + bytes > view.byteLength) return WIRE_ERROR.TRUNCATED;
    const length = this.lengths[view.getUint8(at)];
    if (length === 0) return WIRE_ERROR.UNKNOWN_TYPE;
    if (bytes < length) return WIRE_ERROR.TRUNCATED;
    return bytes > length ? WIRE_ERROR.OVERLONG : length;
  }

  /** The message as a plain object, or what is wrong with it. */
  describe(view: DataView, at: number, bytes: number): Record<string, number | string> {
    const length = this.check(view, at, bytes);
    if (length < 0) return { error: WIRE_ERROR_NAMES[length] };
    return this.#byType[view.getUint8(at)]!.read(view, at);
  }
}

/** A view of bytes that somebody else holds. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
