/** Tags of OUCH messages that are no orders: which a message may have, and what they say. */
import { AppendageReader, HIGHEST_TAG, TAG } from '@outcry/wire/ouch50';
import { sideOf } from './codes.ts';

const tags = new AppendageReader();
/** Tags as bits. */
const bitsOf = (...numbers: number[]) => numbers.reduce((bits, tag) => bits | (1 << tag), 0);
const CHANNEL = bitsOf(TAG.USER_REF_INDEX);

/** Which tags a message may have that is no order, by its type: others are not passed over in silence. */
export const TAGS_OF_CANCEL = CHANNEL;
export const TAGS_OF_MODIFY = CHANNEL | bitsOf(TAG.SHARES_LOCATED, TAG.LOCATE_BROKER);
export const TAGS_OF_MASS_CANCEL = CHANNEL | bitsOf(TAG.SIDE, TAG.GROUP_ID);
export const TAGS_OF_SWITCH = CHANNEL;
export const TAGS_OF_QUERY = CHANNEL;

/** Whether a message has only tags that it may have, each once. */
export function hasOnly(allowed: number, view: DataView, elements: number, end: number): boolean {
  let left = allowed;
  for (let more = tags.open(view, elements, end); more; more = tags.next()) {
    const bit = tags.tag > HIGHEST_TAG ? 0 : 1 << tags.tag;
    if ((left & bit) === 0) return false;
    left &= ~bit;
  }
  return true;
}

/** UserRefIdx of a message; 0 when it has none. */
export function channelOf(view: DataView, elements: number, end: number): number {
  for (let more = tags.open(view, elements, end); more; more = tags.next()) {
    if (tags.tag === TAG.USER_REF_INDEX) return view.getUint8(tags.value);
  }
  return 0;
}

/** Which orders a mass cancel means; -1: any. */
export interface Meant {
  instrument: number;
  side: number;
  group: number;
  channel: number;
}

/** What the tags of a mass cancel say of it; undefined when its side is none. */
export function readMeant(instrument: number, view: DataView, elements: number, end: number): Meant | undefined {
  const meant: Meant = { instrument, side: -1, group: -1, channel: -1 };
  for (let more = tags.open(view, elements, end); more; more = tags.next()) {
    const at = tags.value;
    if (tags.tag === TAG.SIDE) {
      meant.side = sideOf(view.getUint8(at));
      if (meant.side < 0) return undefined;
    } else if (tags.tag === TAG.GROUP_ID) meant.group = view.getUint16(at);
    else if (view.getUint8(at) !== 0) meant.channel = view.getUint8(at);
  }
  return meant;
}

/** Whether bytes are a name as firms have them: capitals, digits and blanks. */
export function isName(view: DataView, at: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) {
    const code = view.getUint8(at + i);
    const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x20;
    if (!isLetter) return false;
  }
  return true;
}
