import { type FixMessage, MSG, parseFixTime, REJECT_REASON, TAG } from '@outcry/wire/fix';

/**
 * What the door takes of each message: fields that do something, fields that are checked, and fields that mean nothing to it (docs/wire.md
 * lists them). Any other field, and any code that the standard does not have, is refused: nothing is read as something else.
 */

/** StandardHeader and trailer: routing and security fields mean nothing here. */
const HEADER = [
  8, 9, 35, 49, 56, 115, 128, 90, 91, 34, 50, 142, 57, 143, 116, 144, 129, 145, 43, 97, 52, 122, 212, 213, 347, 369, 627, 628, 629, 630,
  1128, 1129, 1156, 93, 89, 10,
];
/** Of orders: said by many clients, and without effect. 58 Text, 109 ClientID, 526 SecondaryClOrdID, 583 ClOrdLinkID, and the like. */
const WITHOUT_EFFECT = [58, 354, 355, 109, 526, 583, 376, 167, 207, 460, 461, 107, 22, 581, 582, 453, 448, 447, 452, 802, 523, 803];
const ABOUT_AN_ORDER = [TAG.CL_ORD_ID, TAG.ORDER_ID, TAG.ACCOUNT, TAG.SYMBOL, TAG.SECURITY_ID, TAG.SIDE, TAG.TRANSACT_TIME];
const ORDER = [
  ...ABOUT_AN_ORDER,
  ...[TAG.ORDER_QTY, TAG.ORD_TYPE, TAG.PRICE, TAG.STOP_PX, TAG.TIME_IN_FORCE, TAG.EXPIRE_TIME, TAG.EXEC_INST, TAG.MIN_QTY],
  ...[TAG.MAX_SHOW, TAG.MAX_FLOOR, TAG.DISPLAY_QTY, TAG.CURRENCY, TAG.HANDL_INST, TAG.ORDER_CAPACITY],
  ...WITHOUT_EFFECT,
];
const LIST_OF_SYMBOLS = [TAG.NO_RELATED_SYM, TAG.SYMBOL, TAG.SECURITY_ID, TAG.SECURITY_ID_SOURCE];
const TAKEN: Readonly<Record<string, ReadonlySet<number>>> = {
  [MSG.NEW_ORDER_SINGLE]: new Set([...HEADER, ...ORDER].filter((tag) => tag !== TAG.ORDER_ID)),
  [MSG.ORDER_CANCEL_REPLACE_REQUEST]: new Set([...HEADER, ...ORDER, TAG.ORIG_CL_ORD_ID]),
  [MSG.ORDER_CANCEL_REQUEST]: new Set([...HEADER, ...ABOUT_AN_ORDER, ...WITHOUT_EFFECT, TAG.ORIG_CL_ORD_ID, TAG.ORDER_QTY]),
  [MSG.ORDER_STATUS_REQUEST]: new Set([...HEADER, ...ABOUT_AN_ORDER, ...WITHOUT_EFFECT, 790]), // 790 OrdStatusReqID: it comes back
  [MSG.ORDER_MASS_CANCEL_REQUEST]: new Set([...HEADER, ...ABOUT_AN_ORDER, ...WITHOUT_EFFECT, TAG.MASS_CANCEL_REQUEST_TYPE]),
  [MSG.SECURITY_LIST_REQUEST]: new Set([...HEADER, TAG.SECURITY_REQ_ID, TAG.SECURITY_LIST_REQUEST_TYPE, 58, 263]),
  [MSG.MARKET_DATA_REQUEST]: new Set([
    ...HEADER,
    ...LIST_OF_SYMBOLS,
    ...[TAG.MD_REQ_ID, TAG.SUBSCRIPTION_REQUEST_TYPE, TAG.MARKET_DEPTH, TAG.MD_UPDATE_TYPE, TAG.AGGREGATED_BOOK],
    ...[TAG.NO_MD_ENTRY_TYPES, TAG.MD_ENTRY_TYPE],
  ]),
};

/** Codes of FIX 4.4 and 5.0 SP2: any other is not incorrect here but incorrect FIX. */
const CODES: Readonly<Record<number, RegExp>> = {
  [TAG.SIDE]: /^[1-9A-H]$/,
  [TAG.ORD_TYPE]: /^[1-9A-MPQRS]$/,
  [TAG.TIME_IN_FORCE]: /^[0-9A-C]$/,
  [TAG.HANDL_INST]: /^[1-3]$/,
  [TAG.EXEC_INST]: /^[0-9A-Za-o](?: [0-9A-Za-o])*$/,
  [TAG.ORDER_CAPACITY]: /^[AGIMPRW]$/,
  [TAG.MASS_CANCEL_REQUEST_TYPE]: /^[1-9AB]$/,
  [TAG.SECURITY_LIST_REQUEST_TYPE]: /^[0-5]$/,
  [TAG.SUBSCRIPTION_REQUEST_TYPE]: /^[0-2]$/,
  [TAG.MD_UPDATE_TYPE]: /^[01]$/,
  [TAG.AGGREGATED_BOOK]: /^[YN]$/,
  [TAG.MD_ENTRY_TYPE]: /^[0-9A-HJ-Za]$/,
  [TAG.SECURITY_ID_SOURCE]: /^[1-9A-Y]$/,
  [TAG.APPL_VER_ID]: /^9$/,
  447: /^[1-9A-T]$/, // PartyIDSource
  452: /^(?:[1-9]\d{0,2}|[4-9]\d{3})$/, // PartyRole: from 4000 on as two parties agree
  460: /^(?:[1-9]|1[0-3])$/, // Product
  581: /^[1-4678]$/, // AccountType
  582: /^[1-5]$/, // CustOrderCapacity
  803: /^(?:[1-9]\d{0,2}|[4-9]\d{3})$/, // PartySubIDType: as PartyRole
};
/** Numbers with a sign and a fraction at most, as the type float has them. */
const DECIMALS = [TAG.PRICE, TAG.STOP_PX, TAG.ORDER_QTY, TAG.MIN_QTY, TAG.MAX_SHOW, TAG.MAX_FLOOR, TAG.DISPLAY_QTY];
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const TIMES = [TAG.TRANSACT_TIME, TAG.EXPIRE_TIME];
/** Names that a client gives, and is told again. */
const NAMES = [TAG.CL_ORD_ID, TAG.ORIG_CL_ORD_ID, TAG.MD_REQ_ID, TAG.SECURITY_REQ_ID, 790];

type Check = { isGood(value: string): boolean; reason: number; text: string };
/** By tag. */
const CHECKS: (Check | undefined)[] = [];
for (const [tag, codes] of Object.entries(CODES))
  CHECKS[Number(tag)] = { isGood: (value) => codes.test(value), reason: REJECT_REASON.VALUE_INCORRECT, text: 'there is no such code' };
for (const tag of DECIMALS)
  CHECKS[tag] = { isGood: (value) => DECIMAL.test(value), reason: REJECT_REASON.DATA_FORMAT, text: 'it is no decimal number' };
for (const tag of TIMES)
  CHECKS[tag] = { isGood: (value) => !Number.isNaN(parseFixTime(value)), reason: REJECT_REASON.DATA_FORMAT, text: 'it is no time' };
for (const tag of NAMES)
  CHECKS[tag] = { isGood: isPrintable, reason: REJECT_REASON.DATA_FORMAT, text: 'it has control characters, or is no UTF-8' };

/** What was no UTF-8 has this in its place: two such names would be the same. */
const REPLACEMENT = 0xfffd;

function isPrintable(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === REPLACEMENT) return false;
  }
  return true;
}

interface FieldProblem {
  tag: number;
  /** see REJECT_REASON */
  reason: number;
  text: string;
}

/** Whether the door takes messages of a type. */
export function isTaken(type: string): boolean {
  return Object.hasOwn(TAKEN, type);
}

/** The first field of a message that is not as the standard has it. */
export function badField(message: FixMessage): FieldProblem | undefined {
  const { tags, values } = message;
  for (let i = 0; i < tags.length; i++) {
    const check = CHECKS[tags[i]];
    if (check !== undefined && !check.isGood(values[i])) return { tag: tags[i], reason: check.reason, text: check.text };
  }
  return undefined;
}

/** The first field of a message that the door does not take; 0: there is none. */
export function strangeTag(message: FixMessage): number {
  const taken = TAKEN[message.type];
  return message.tags.find((tag) => !taken.has(tag)) ?? 0;
}
