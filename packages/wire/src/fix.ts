/**
 * FIX tag=value encoding (FIX 4.4 volume 1 and FIX TagValue Encoding 1.0): fields `tag=value` that end with SOH, BeginString and BodyLength
 * first, CheckSum last.
 */
export const SOH = 1;

/** Tags by their names. */
export const TAG = {
  ACCOUNT: 1,
  AVG_PX: 6,
  BEGIN_SEQ_NO: 7,
  BEGIN_STRING: 8,
  BODY_LENGTH: 9,
  CHECK_SUM: 10,
  CL_ORD_ID: 11,
  CUM_QTY: 14,
  END_SEQ_NO: 16,
  EXEC_ID: 17,
  LAST_PX: 31,
  LAST_QTY: 32,
  MSG_SEQ_NUM: 34,
  MSG_TYPE: 35,
  NEW_SEQ_NO: 36,
  ORDER_ID: 37,
  ORDER_QTY: 38,
  ORD_STATUS: 39,
  ORD_TYPE: 40,
  ORIG_CL_ORD_ID: 41,
  POSS_DUP_FLAG: 43,
  PRICE: 44,
  REF_SEQ_NUM: 45,
  SENDER_COMP_ID: 49,
  SENDING_TIME: 52,
  SIDE: 54,
  SYMBOL: 55,
  TARGET_COMP_ID: 56,
  TEXT: 58,
  TIME_IN_FORCE: 59,
  TRANSACT_TIME: 60,
  POSS_RESEND: 97,
  ENCRYPT_METHOD: 98,
  STOP_PX: 99,
  CXL_REJ_REASON: 102,
  ORD_REJ_REASON: 103,
  HEART_BT_INT: 108,
  MIN_QTY: 110,
  TEST_REQ_ID: 112,
  ORIG_SENDING_TIME: 122,
  GAP_FILL_FLAG: 123,
  EXPIRE_TIME: 126,
  RESET_SEQ_NUM_FLAG: 141,
  NO_RELATED_SYM: 146,
  EXEC_TYPE: 150,
  LEAVES_QTY: 151,
  SECURITY_REQ_ID: 320,
  SECURITY_RESPONSE_ID: 322,
  REF_TAG_ID: 371,
  REF_MSG_TYPE: 372,
  SESSION_REJECT_REASON: 373,
  BUSINESS_REJECT_REF_ID: 379,
  BUSINESS_REJECT_REASON: 380,
  NO_MD_ENTRY_TYPES: 267,
  NO_MD_ENTRIES: 268,
  MD_ENTRY_TYPE: 269,
  MD_ENTRY_PX: 270,
  MD_ENTRY_SIZE: 271,
  MD_REQ_ID: 262,
  SUBSCRIPTION_REQUEST_TYPE: 263,
  MARKET_DEPTH: 264,
  MD_UPDATE_ACTION: 279,
  MD_REQ_REJ_REASON: 281,
  MASS_CANCEL_REQUEST_TYPE: 530,
  MASS_CANCEL_RESPONSE: 531,
  MASS_CANCEL_REJECT_REASON: 532,
  MASS_ACTION_REPORT_ID: 1369,
  LAST_UPDATE_TIME: 779,
  TOTAL_AFFECTED_ORDERS: 533,
  CXL_REJ_RESPONSE_TO: 434,
  MAX_SHOW: 210,
  USERNAME: 553,
  PASSWORD: 554,
  SECURITY_REQUEST_RESULT: 560,
  ROUND_LOT: 561,
  MIN_TRADE_VOL: 562,
  TOT_NO_RELATED_SYM: 393,
  LAST_FRAGMENT: 893,
  MIN_PRICE_INCREMENT: 969,
  DEFAULT_APPL_VER_ID: 1137,
  APPL_VER_ID: 1128,
} as const;

export const MSG = {
  HEARTBEAT: '0',
  TEST_REQUEST: '1',
  RESEND_REQUEST: '2',
  REJECT: '3',
  SEQUENCE_RESET: '4',
  LOGOUT: '5',
  EXECUTION_REPORT: '8',
  ORDER_CANCEL_REJECT: '9',
  LOGON: 'A',
  NEW_ORDER_SINGLE: 'D',
  ORDER_CANCEL_REQUEST: 'F',
  ORDER_CANCEL_REPLACE_REQUEST: 'G',
  ORDER_STATUS_REQUEST: 'H',
  MARKET_DATA_REQUEST: 'V',
  MARKET_DATA_SNAPSHOT: 'W',
  MARKET_DATA_INCREMENTAL: 'X',
  MARKET_DATA_REQUEST_REJECT: 'Y',
  BUSINESS_MESSAGE_REJECT: 'j',
  ORDER_MASS_CANCEL_REQUEST: 'q',
  ORDER_MASS_CANCEL_REPORT: 'r',
  SECURITY_LIST_REQUEST: 'x',
  SECURITY_LIST: 'y',
} as const;

/** Session messages: they are never sent again, a gap fill stands for them. */
export const SESSION_MESSAGES: ReadonlySet<string> = new Set(['0', '1', '2', '3', '4', '5', 'A']);

/** Why a message was rejected at the session level (SessionRejectReason, 373). */
export const REJECT_REASON = {
  INVALID_TAG: 0,
  REQUIRED_TAG_MISSING: 1,
  TAG_WITHOUT_VALUE: 4,
  VALUE_INCORRECT: 5,
  DATA_FORMAT: 6,
  COMP_ID: 9,
  SENDING_TIME: 10,
  INVALID_MSG_TYPE: 11,
  TAG_TWICE: 13,
} as const;

/** Fields of a repeating group may stand more than once. */
const REPEATING: ReadonlySet<number> = new Set([TAG.SYMBOL, TAG.MD_ENTRY_TYPE, TAG.MD_ENTRY_PX, TAG.MD_ENTRY_SIZE, TAG.MD_UPDATE_ACTION]);

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

/** Reads the fields of a whole message that a framer has cut out. */
export function parseFix(text: string): FixMessage {
  const message = new FixMessage();
  const seen = new Set<number>();
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('\x01', at);
    if (end < 0) end = text.length;
    const equals = text.indexOf('=', at);
    const hasEquals = equals > at && equals < end;
    const tagText = text.slice(at, hasEquals ? equals : end);
    const tag = /^[1-9]\d{0,8}$/.test(tagText) ? Number(tagText) : 0;
    let reason = -1;
    if (tag === 0) reason = REJECT_REASON.INVALID_TAG;
    else if (!hasEquals || equals + 1 === end) reason = REJECT_REASON.TAG_WITHOUT_VALUE;
    else if (seen.has(tag) && !REPEATING.has(tag)) reason = REJECT_REASON.TAG_TWICE;
    if (reason >= 0 && message.badReason < 0) {
      message.badTag = tag;
      message.badReason = reason;
    }
    seen.add(tag);
    message.tags.push(tag);
    message.values.push(hasEquals ? text.slice(equals + 1, end) : '');
    at = end + 1;
  }
  return message;
}

/** `8=FIX` */
const BEGIN = Buffer.from('8=FIX');
/** Longest head up to the body: BeginString and BodyLength. */
const MOST_HEAD = 40;
const CHECK_BYTES = 7;

/**
 * Cuts a stream into messages. A message whose length or sum is wrong is garbled (volume 2, "valid FIX message"): it is counted and passed
 * over, and the stream goes on at the next `8=FIX`. Holds at most one message of the longest kind.
 */
export class FixFramer {
  garbled = 0;
  readonly #mostBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
  }

  /** The next whole message, undefined: there is none yet. */
  next(): string | undefined {
    for (;;) {
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
        const text = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end);
        return text;
      }
      this.garbled++;
      this.#rest = this.#rest.subarray(BEGIN.length);
    }
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
    const checkAt = bodyAt + length;
    if (rest.length < checkAt + CHECK_BYTES) return 0;
    const check = /^10=(\d{3})$/.exec(rest.toString('latin1', checkAt, checkAt + CHECK_BYTES - 1));
    if (check === null || rest[checkAt - 1] !== SOH || rest[checkAt + CHECK_BYTES - 1] !== SOH) return -1;
    if (Number(check[1]) !== sumOf(rest, checkAt)) return -1;
    return checkAt + CHECK_BYTES;
  }
}

function sumOf(bytes: Uint8Array, end: number): number {
  let sum = 0;
  for (let i = 0; i < end; i++) sum += bytes[i];
  return sum & 0xff;
}

/** A field to write. Undefined values are left out. */
export type FixField = readonly [tag: number, value: string | number | undefined];

/** A whole message: BeginString, BodyLength and CheckSum are added. Values must not hold SOH. */
export function formatFix(beginString: string, fields: readonly FixField[]): Buffer {
  let body = '';
  for (const [tag, value] of fields) if (value !== undefined && value !== '') body += `${tag}=${clean(value)}\x01`;
  const text = `8=${beginString}\x019=${body.length}\x01${body}`;
  const bytes = Buffer.from(`${text}10=000\x01`, 'latin1');
  bytes.write(String(sumOf(bytes, bytes.length - CHECK_BYTES)).padStart(3, '0'), bytes.length - 4, 'latin1');
  return bytes;
}

function clean(value: string | number): string | number {
  return typeof value === 'string' && value.includes('\x01') ? value.replaceAll('\x01', ' ') : value;
}

/** UTCTimestamp with milliseconds. */
export function fixTime(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-${iso.slice(11, 23)}`;
}

/** Milliseconds since 1970 of a UTCTimestamp; NaN when it is none. */
export function parseFixTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:\d\d(?:\.\d{3,9})?)$/.exec(text);
  return match === null ? Number.NaN : Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4].slice(0, 12)}Z`);
}
