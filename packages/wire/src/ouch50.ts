import { alpha, i32, letter, MessageSet, message, u8, u16, u32, u64, WIRE_ERROR, WIRE_ERROR_NAMES } from './layout.ts';

/**
 * Nasdaq OUCH 5.0, both directions. Sections are those of the specification (OUCH5.0). Prices are eight bytes with four implied
 * decimals; times nanoseconds since midnight. Most messages end with an appendage: a length of two bytes and elements of a length
 * byte (tag and value), a tag and a value.
 */

const symbol = alpha(8);
const firm = alpha(4);
const clientOrderId = alpha(14);

// Client to venue (section 2), in SoupBinTCP's unsequenced packets.
export const enterOrder = message('enter_order', 'O', '2.1', {
  userRef: u32,
  side: letter,
  quantity: u32,
  symbol,
  price: u64,
  timeInForce: letter,
  display: letter,
  capacity: letter,
  sweep: letter,
  crossType: letter,
  clientOrderId,
});
export const replaceOrder = message('replace_order', 'U', '2.2', {
  originalRef: u32,
  userRef: u32,
  quantity: u32,
  price: u64,
  timeInForce: letter,
  display: letter,
  sweep: letter,
  clientOrderId,
});
export const cancelOrder = message('cancel_order', 'X', '2.3', { userRef: u32, quantity: u32 });
export const modifyOrder = message('modify_order', 'M', '2.4', { userRef: u32, side: letter, quantity: u32 });
export const massCancel = message('mass_cancel', 'C', '2.5', { userRef: u32, firm, symbol });
export const disableEntry = message('disable_order_entry', 'D', '2.6', { userRef: u32, firm });
export const enableEntry = message('enable_order_entry', 'E', '2.7', { userRef: u32, firm });
export const accountQuery = message('account_query', 'Q', '2.8', {});

// Venue to client (section 3), in SoupBinTCP's sequenced packets.
export const systemEvent = message('system_event', 'S', '3.1', { timestamp: u64, event: letter });
const ACCEPTED = {
  side: letter,
  quantity: u32,
  symbol,
  price: u64,
  timeInForce: letter,
  display: letter,
  orderRef: u64,
  capacity: letter,
  sweep: letter,
  crossType: letter,
  state: letter,
  clientOrderId,
};
export const accepted = message('order_accepted', 'A', '3.2', { timestamp: u64, userRef: u32, ...ACCEPTED });
export const replaced = message('order_replaced', 'U', '3.3', { timestamp: u64, originalRef: u32, userRef: u32, ...ACCEPTED });
export const cancelled = message('order_canceled', 'C', '3.4', { timestamp: u64, userRef: u32, quantity: u32, reason: letter });
export const aiqCancelled = message('aiq_canceled', 'D', '3.5', {
  timestamp: u64,
  userRef: u32,
  decrement: u32,
  reason: letter,
  prevented: u32,
  price: u64,
  liquidity: letter,
  strategy: letter,
});
export const executed = message('order_executed', 'E', '3.6', {
  timestamp: u64,
  userRef: u32,
  quantity: u32,
  price: u64,
  liquidity: letter,
  match: u64,
});
export const brokenTrade = message('broken_trade', 'B', '3.7', { timestamp: u64, userRef: u32, match: u64, reason: letter, clientOrderId });
export const rejected = message('rejected', 'J', '3.8', { timestamp: u64, userRef: u32, reason: u16, clientOrderId });
export const cancelPending = message('cancel_pending', 'P', '3.9', { timestamp: u64, userRef: u32 });
export const cancelReject = message('cancel_reject', 'I', '3.10', { timestamp: u64, userRef: u32 });
export const priorityUpdate = message('order_priority_update', 'T', '3.11', {
  timestamp: u64,
  userRef: u32,
  price: u64,
  display: letter,
  orderRef: u64,
});
export const modified = message('order_modified', 'M', '3.12', { timestamp: u64, userRef: u32, side: letter, quantity: u32 });
export const restated = message('order_restated', 'R', '3.13', { timestamp: u64, userRef: u32, reason: letter });
export const massCancelResponse = message('mass_cancel_response', 'X', '3.14', { timestamp: u64, userRef: u32, firm, symbol });
export const disableResponse = message('disable_order_entry_response', 'G', '3.15', { timestamp: u64, userRef: u32, firm });
export const enableResponse = message('enable_order_entry_response', 'K', '3.16', { timestamp: u64, userRef: u32, firm });
export const accountQueryResponse = message('account_query_response', 'Q', '3.17', { timestamp: u64, nextUserRef: u32 });

export const inbound = new MessageSet([
  enterOrder,
  replaceOrder,
  cancelOrder,
  modifyOrder,
  massCancel,
  disableEntry,
  enableEntry,
  accountQuery,
]);
export const outbound = new MessageSet([
  systemEvent,
  accepted,
  replaced,
  cancelled,
  aiqCancelled,
  executed,
  brokenTrade,
  rejected,
  cancelPending,
  cancelReject,
  priorityUpdate,
  modified,
  restated,
  massCancelResponse,
  disableResponse,
  enableResponse,
  accountQueryResponse,
]);

/** Appendage tags (appendix A), and what each value is. */
export const TAG = {
  SECONDARY_ORDER_REF: 1,
  FIRM: 2,
  MIN_QUANTITY: 3,
  CUSTOMER_TYPE: 4,
  MAX_FLOOR: 5,
  PRICE_TYPE: 6,
  PEG_OFFSET: 7,
  DISCRETION_PRICE: 9,
  DISCRETION_PRICE_TYPE: 10,
  DISCRETION_PEG_OFFSET: 11,
  POST_ONLY: 12,
  RANDOM_RESERVES: 13,
  ROUTE: 14,
  EXPIRE_TIME: 15,
  TRADE_NOW: 16,
  HANDLE_INSTRUCTION: 17,
  BBO_WEIGHT: 18,
  DISPLAY_QUANTITY: 22,
  DISPLAY_PRICE: 23,
  GROUP_ID: 24,
  SHARES_LOCATED: 25,
  LOCATE_BROKER: 26,
  SIDE: 27,
  USER_REF_INDEX: 28,
  AIQ_STRATEGY: 29,
  AIQ_GROUP: 30,
} as const;

export const HIGHEST_TAG = 30;

const TAG_NAMES: Record<number, string> = Object.fromEntries(Object.entries(TAG).map(([name, tag]) => [tag, name.toLowerCase()]));
const TAG_KINDS: Record<number, { bytes: number; get(view: DataView, at: number): number | string }> = {
  [TAG.SECONDARY_ORDER_REF]: u64,
  [TAG.FIRM]: firm,
  [TAG.MIN_QUANTITY]: u32,
  [TAG.CUSTOMER_TYPE]: alpha(1),
  [TAG.MAX_FLOOR]: u32,
  [TAG.PRICE_TYPE]: alpha(1),
  [TAG.PEG_OFFSET]: i32,
  [TAG.DISCRETION_PRICE]: u64,
  [TAG.DISCRETION_PRICE_TYPE]: alpha(1),
  [TAG.DISCRETION_PEG_OFFSET]: i32,
  [TAG.POST_ONLY]: alpha(1),
  [TAG.RANDOM_RESERVES]: u32,
  [TAG.ROUTE]: firm,
  [TAG.EXPIRE_TIME]: u32,
  [TAG.TRADE_NOW]: alpha(1),
  [TAG.HANDLE_INSTRUCTION]: alpha(1),
  [TAG.BBO_WEIGHT]: alpha(1),
  [TAG.DISPLAY_QUANTITY]: u32,
  [TAG.DISPLAY_PRICE]: u64,
  [TAG.GROUP_ID]: u16,
  [TAG.SHARES_LOCATED]: alpha(1),
  [TAG.LOCATE_BROKER]: firm,
  [TAG.SIDE]: alpha(1),
  [TAG.USER_REF_INDEX]: u8,
  [TAG.AIQ_STRATEGY]: alpha(1),
  [TAG.AIQ_GROUP]: alpha(2),
};
/** Bytes of a tag's value, 0: the tag is not known. */
export const TAG_BYTES = new Uint8Array(256);
for (const [tag, { bytes }] of Object.entries(TAG_KINDS)) TAG_BYTES[Number(tag)] = bytes;

/**
 * Walks the appendage of a message, element by element, without allocating:
 * `for (let ok = reader.open(view, at, end); ok; ok = reader.next()) reader.tag, reader.value`.
 */
export class AppendageReader {
  view!: DataView;
  tag = 0;
  /** offset and bytes of the value */
  value = 0;
  bytes = 0;
  #next = 0;
  #end = 0;

  /** @param at where the elements begin, behind the appendage's length @param end one past the last. Returns whether there is an element. */
  open(view: DataView, at: number, end: number): boolean {
    this.view = view;
    this.#next = at;
    this.#end = end;
    return this.next();
  }

  next(): boolean {
    if (this.#next >= this.#end) return false;
    const length = this.view.getUint8(this.#next);
    this.tag = this.view.getUint8(this.#next + 1);
    this.value = this.#next + 2;
    this.bytes = length - 1;
    this.#next += 1 + length;
    return true;
  }
}

/** Which inbound messages may come without the appendage's length (section 2: X, M and Q). */
const MAY_OMIT = new Set([cancelOrder.type, modifyOrder.type, accountQuery.type]);
/** Which outbound ones have none, or only sometimes one (section 3). */
const ALWAYS = new Set([accepted, replaced, executed, restated, massCancelResponse, disableResponse, enableResponse].map((m) => m.type));

/**
 * Whether bytes are one whole message: its fixed part, the appendage's length, and elements that fill it exactly, each known tag with a
 * value of its size. Returns the offset of the first element relative to the message (which is the end when there is none), or a
 * WIRE_ERROR. Bounded by the message's length.
 */
export function checkOuch(set: MessageSet, view: DataView, at: number, bytes: number): number {
  if (bytes < 1 || at + bytes > view.byteLength) return WIRE_ERROR.TRUNCATED;
  const type = view.getUint8(at);
  const fixed = set.lengths[type];
  if (fixed === 0) return WIRE_ERROR.UNKNOWN_TYPE;
  if (bytes < fixed) return WIRE_ERROR.TRUNCATED;
  if (bytes === fixed) {
    const mayOmit = set === inbound ? MAY_OMIT.has(type) : !ALWAYS.has(type);
    return mayOmit ? fixed : WIRE_ERROR.TRUNCATED;
  }
  if (bytes < fixed + 2) return WIRE_ERROR.TRUNCATED;
  const end = fixed + 2 + view.getUint16(at + fixed);
  if (bytes !== end) return bytes < end ? WIRE_ERROR.TRUNCATED : WIRE_ERROR.OVERLONG;
  for (let element = fixed + 2; element < end; ) {
    const length = view.getUint8(at + element);
    if (length === 0 || element + 1 + length > end) return WIRE_ERROR.MALFORMED;
    const size = TAG_BYTES[view.getUint8(at + element + 1)];
    if (size !== 0 && size !== length - 1) return WIRE_ERROR.MALFORMED;
    element += 1 + length;
  }
  return fixed + 2;
}

/** Writes an appendage behind a message's fixed part: elements, then {@link finish} its length. */
export class AppendageWriter {
  #view!: DataView;
  #begin = 0;
  #next = 0;

  /** @param at one past the message's fixed part */
  open(view: DataView, at: number): this {
    this.#view = view;
    this.#begin = at;
    this.#next = at + 2;
    return this;
  }

  u8(tag: number, value: number): this {
    this.#view.setUint8(this.#element(tag, 1), value);
    return this;
  }
  u32(tag: number, value: number): this {
    this.#view.setUint32(this.#element(tag, 4), value);
    return this;
  }
  u64(tag: number, value: number): this {
    u64.set(this.#view, this.#element(tag, 8), value);
    return this;
  }
  i32(tag: number, value: number): this {
    this.#view.setInt32(this.#element(tag, 4), value);
    return this;
  }

  /** Writes the length. Returns one past the message. */
  finish(): number {
    this.#view.setUint16(this.#begin, this.#next - this.#begin - 2);
    return this.#next;
  }

  #element(tag: number, bytes: number): number {
    this.#view.setUint8(this.#next, bytes + 1);
    this.#view.setUint8(this.#next + 1, tag);
    const value = this.#next + 2;
    this.#next = value + bytes;
    return value;
  }
}

const describing = new AppendageReader();

/** A message with its appendage as a plain object, or what is wrong with it: for people. */
export function describeOuch(set: MessageSet, view: DataView, at: number, bytes: number): Record<string, number | string> {
  const elements = checkOuch(set, view, at, bytes);
  if (elements < 0) return { error: WIRE_ERROR_NAMES[elements] };
  const fields = set.of(view.getUint8(at))!.read(view, at);
  for (let more = describing.open(view, at + elements, at + bytes); more; more = describing.next()) {
    const name = TAG_NAMES[describing.tag] ?? `tag_${describing.tag}`;
    fields[name] = TAG_KINDS[describing.tag]?.get(view, describing.value) ?? `${describing.bytes} bytes`;
  }
  return fields;
}
