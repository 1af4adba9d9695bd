/**
 * FIX tag=value encoding (FIX 4.4 volume 1 and FIX TagValue Encoding 1.0): fields `tag=value` that end with SOH, BeginString and BodyLength
 * first, CheckSum last. Text is UTF-8; what is none has U+FFFD in it. Reading: a framer and a parser; writing is in fix-format.ts.
 */
import { CHECK_SUM_BYTES, sumOf } from './fix-format.ts';
import { REJECT_REASON, TAG } from './fix-tags.ts';

export { type FixField, formatFix } from './fix-format.ts';
export { MSG, REJECT_REASON, SESSION_MESSAGES, TAG } from './fix-tags.ts';
export { fixTime, parseFixTime } from './fix-time.ts';

export const SOH = 1;

/** Repeating groups: the field that counts them, and their fields, which may stand more than once after it. */
const GROUPS: Readonly<Record<number, readonly number[]>> = {
  [TAG.NO_RELATED_SYM]: [TAG.SYMBOL, TAG.SECURITY_ID, TAG.SECURITY_ID_SOURCE, TAG.ROUND_LOT, TAG.MIN_TRADE_VOL, TAG.MIN_PRICE_INCREMENT],
  [TAG.NO_MD_ENTRY_TYPES]: [TAG.MD_ENTRY_TYPE],
  [TAG.NO_MD_ENTRIES]: [TAG.MD_ENTRY_TYPE, TAG.MD_UPDATE_ACTION, TAG.SYMBOL, TAG.MD_ENTRY_PX, TAG.MD_ENTRY_SIZE],
  [TAG.NO_PARTY_IDS]: [448, 447, 452, 802, 523, 803], // PartyID, PartyIDSource, PartyRole, and their sub-ids
};
const COUNTS: ReadonlySet<number> = new Set(Object.keys(GROUPS).map(Number));
/** Beyond so many fields those that were seen are looked up in a set. */
const FEW_FIELDS = 64;

/** A message as its fields. What is wrong with the tags is noted, not thrown: the session answers for it. */
export class FixMessage {
  /** in their order, BeginString first */
  readonly tags: number[] = [];
  readonly values: string[] = [];
  /** of the first field that is wrong, and why: see REJECT_REASON */
  badTag = 0;
  badReason = -1;

  get(tag: number): string | undefined {
    const at = this.tags.indexOf(tag);
    return at < 0 ? undefined : this.values[at];
  }

  /** All values of a tag, in their order. */
  all(tag: number): string[] {
    return this.values.filter((_, i) => this.tags[i] === tag);
  }

  /** A whole number of 0 or more; NaN when it is none, or not there. */
  number(tag: number): number {
    const text = this.get(tag);
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  }

  get type(): string {
    return this.get(TAG.MSG_TYPE) ?? '';
  }
}

/** Reads the fields of a whole message that a framer has cut out. @param mostFields what is behind so many is not read: the message is wrong */
export function parseFix(text: string, mostFields = Number.POSITIVE_INFINITY): FixMessage {
  const message = new FixMessage();
  const { tags, values } = message;
  let seen: Set<number> | undefined;
  let groups: number[] | undefined;
  for (let at = 0; at < text.length; ) {
    if (tags.length === mostFields) {
      note(message, 0, REJECT_REASON.OTHER);
      return message;
    }
    let end = text.indexOf('\x01', at);
    if (end < 0) end = text.length;
    const equals = text.indexOf('=', at);
    const hasEquals = equals > at && equals < end;
    const tag = readTag(text, at, hasEquals ? equals : end);
    if (tags.length === FEW_FIELDS) seen = new Set(tags);
    if (tag === 0) note(message, tag, REJECT_REASON.INVALID_TAG);
    else if (!hasEquals || equals + 1 === end) note(message, tag, REJECT_REASON.TAG_WITHOUT_VALUE);
    else if ((seen?.has(tag) ?? tags.includes(tag)) && !groups?.some((group) => GROUPS[group].includes(tag)))
      note(message, tag, REJECT_REASON.TAG_TWICE);
    else if (COUNTS.has(tag)) groups = [...(groups ?? []), tag];
    seen?.add(tag);
    tags.push(tag);
    values.push(hasEquals ? text.slice(equals + 1, end) : '');
    at = end + 1;
  }
  for (const group of groups ?? []) if (!hasItsCount(message, group)) note(message, group, REJECT_REASON.GROUP_COUNT);
  return message;
}

function note(message: FixMessage, tag: number, reason: number): void {
  if (message.badReason >= 0) return;
  message.badTag = tag;
  message.badReason = reason;
}

/** A tag: 1 to 999999999 without a zero in front; 0: it is none. */
function readTag(text: string, from: number, to: number): number {
  if (to === from || to - from > 9 || text.charCodeAt(from) === 0x30) return 0;
  let tag = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return 0;
    tag = tag * 10 + digit;
  }
  return tag;
}

/** Whether there are as many entries of a group as its count says: each has the group's first field. */
function hasItsCount(message: FixMessage, group: number): boolean {
  const [first] = GROUPS[group];
  let count = 0;
  for (let i = message.tags.indexOf(group); i < message.tags.length; i++) if (message.tags[i] === first) count++;
  return message.number(group) === count;
}

/** `8=FIX` */
const BEGIN = Buffer.from('8=FIX');
/** Longest head up to the body: BeginString and BodyLength. */
const MOST_HEAD = 40;
const TYPE = Buffer.from('35=');

/**
 * Cuts a stream into messages. A message whose length or sum is wrong, or whose third field is not MsgType, is garbled (volume 2, "valid FIX
 * message"): it is counted and passed over, and the stream goes on at the next `8=FIX`. Holds what was pushed and not taken.
 */
export class FixFramer {
  garbled = 0;
  readonly #mostBytes: number;
  readonly #mostGarbled: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param mostGarbled beyond so many garbled messages it finds no more: looking for the next one in noise costs time */
  constructor(mostBytes: number, mostGarbled = Number.MAX_SAFE_INTEGER) {
    this.#mostBytes = mostBytes;
    this.#mostGarbled = mostGarbled;
  }

  /** Bytes pushed and not taken. */
  get buffered(): number {
    return this.#rest.length;
  }

  /** Whether it has given up. */
  get isHopeless(): boolean {
    return this.garbled > this.#mostGarbled;
  }

  push(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
  }

  /** The next whole message, undefined: there is none yet. */
  next(): string | undefined {
    while (!this.isHopeless) {
      const begin = this.#rest.indexOf(BEGIN);
      if (begin < 0) {
        // The end may be the beginning of a beginning.
        if (this.#rest.length >= BEGIN.length) this.#skip(this.#rest.length - BEGIN.length + 1);
        return undefined;
      }
      if (begin > 0) {
        this.garbled++;
        this.#rest = this.#rest.subarray(begin);
      }
      const end = this.#endOf();
      if (end === 0) return undefined;
      if (end > 0) {
        const text = this.#rest.toString('utf8', 0, end);
        this.#rest = this.#rest.subarray(end);
        return text;
      }
      this.garbled++;
      this.#rest = this.#rest.subarray(BEGIN.length);
    }
    return undefined;
  }

  #skip(bytes: number): void {
    this.garbled++;
    this.#rest = this.#rest.subarray(bytes);
  }

  /** Where the message at the beginning ends; 0: it is not whole; -1: it is garbled. */
  #endOf(): number {
    const rest = this.#rest;
    const lengthAt = rest.indexOf(SOH) + 1;
    if (lengthAt === 0) return rest.length > MOST_HEAD ? -1 : 0;
    if (rest.length < lengthAt + 2) return 0;
    if (rest[lengthAt] !== 0x39 || rest[lengthAt + 1] !== 0x3d) return -1;
    const bodyAt = rest.indexOf(SOH, lengthAt) + 1;
    if (bodyAt === 0) return rest.length > lengthAt + MOST_HEAD ? -1 : 0;
    const lengthText = rest.toString('latin1', lengthAt + 2, bodyAt - 1);
    const length = /^\d{1,7}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
    if (!(length > 0 && length <= this.#mostBytes)) return -1;
    if (rest.length >= bodyAt + TYPE.length && rest.compare(TYPE, 0, TYPE.length, bodyAt, bodyAt + TYPE.length) !== 0) return -1;
    const checkAt = bodyAt + length;
    if (rest.length < checkAt + CHECK_SUM_BYTES) return 0;
    const check = /^10=(\d{3})$/.exec(rest.toString('latin1', checkAt, checkAt + CHECK_SUM_BYTES - 1));
    if (check === null || rest[checkAt - 1] !== SOH || rest[checkAt + CHECK_SUM_BYTES - 1] !== SOH) return -1;
    if (Number(check[1]) !== sumOf(rest, checkAt)) return -1;
    return checkAt + CHECK_SUM_BYTES;
  }
}
