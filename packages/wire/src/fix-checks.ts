// What a FIX session checks of a message before it counts: its head, its flags, and a Logon.
import { type FixMessage, MSG, parseFixTime, REJECT_REASON, TAG } from './fix.ts';
import type { FixLineOptions } from './fix-line.ts';

/** What a message is checked against: whose session it is, and where that stands. */
export interface CheckOptions extends Pick<FixLineOptions, 'beginString' | 'sender' | 'target' | 'store' | 'now'> {
  /** how far SendingTime may be off, milliseconds */
  accuracyMs?: number;
}

const ACCURACY_MS = 120_000;
const LONGEST_HEARTBEAT_SECONDS = 3600;
/** DefaultApplVerID of FIX 5.0 SP2. */
const FIX50SP2 = '9';
const REQUIRED = [TAG.MSG_SEQ_NUM, TAG.SENDER_COMP_ID, TAG.TARGET_COMP_ID, TAG.SENDING_TIME];
/** Fields of sessions that are Y or N. */
const FLAGS = [TAG.POSS_DUP_FLAG, TAG.POSS_RESEND, TAG.GAP_FILL_FLAG, TAG.RESET_SEQ_NUM_FLAG];

/** Why an initiator's Logon is to be refused; empty: it may be accepted. */
export function logonProblem(logon: FixMessage, options: CheckOptions): string {
  const { store, beginString } = options;
  if (logon.badReason >= 0) return `tag ${logon.badTag} is wrong`;
  const interval = logon.number(TAG.HEART_BT_INT);
  if (!(interval > 0 && interval <= LONGEST_HEARTBEAT_SECONDS)) return `HeartBtInt must be 1 to ${LONGEST_HEARTBEAT_SECONDS}`;
  if (logon.get(TAG.ENCRYPT_METHOD) !== '0') return 'EncryptMethod must be 0';
  if (beginString === 'FIXT.1.1' && logon.get(TAG.DEFAULT_APPL_VER_ID) !== FIX50SP2) return `DefaultApplVerID must be ${FIX50SP2}`;
  const why = timeProblem(logon, options);
  if (why !== '') return why;
  const flag = badFlag(logon);
  if (flag !== 0) return `tag ${flag} must be Y or N`;
  const sequence = logon.number(TAG.MSG_SEQ_NUM);
  if (!(sequence > 0)) return 'MsgSeqNum is missing';
  const resets = logon.get(TAG.RESET_SEQ_NUM_FLAG) === 'Y';
  if (resets && sequence !== 1) return 'MsgSeqNum must be 1 with ResetSeqNumFlag';
  if (!resets && sequence < store.nextIn && logon.get(TAG.POSS_DUP_FLAG) !== 'Y') return tooLow(store.nextIn, sequence);
  return '';
}

/** What is wrong with a message's head. */
export interface HeadProblem {
  /** of the Reject that says so, -1: none is sent */
  readonly reason: number;
  readonly tag: number;
  readonly text: string;
  /** whether the session ends with it; else the message counts */
  readonly isEnd: boolean;
}

/** Undefined: nothing is. */
export function headProblem(message: FixMessage, options: CheckOptions): HeadProblem | undefined {
  const { beginString } = options;
  if (message.get(TAG.BEGIN_STRING) !== beginString)
    return { reason: -1, tag: TAG.BEGIN_STRING, text: `BeginString must be ${beginString}`, isEnd: true };
  const missing = REQUIRED.find((tag) => message.get(tag) === undefined);
  if (missing === TAG.MSG_SEQ_NUM || !(message.number(TAG.MSG_SEQ_NUM) > 0))
    return { reason: -1, tag: TAG.MSG_SEQ_NUM, text: 'MsgSeqNum is missing', isEnd: true };
  if (missing !== undefined) {
    const text = 'a field of the header is missing';
    return { reason: REJECT_REASON.REQUIRED_TAG_MISSING, tag: missing, text, isEnd: false };
  }
  const isFromThem = message.get(TAG.SENDER_COMP_ID) === options.target && message.get(TAG.TARGET_COMP_ID) === options.sender;
  if (!isFromThem) return { reason: REJECT_REASON.COMP_ID, tag: TAG.SENDER_COMP_ID, text: 'CompID problem', isEnd: true };
  const why = timeProblem(message, options);
  return why === '' ? undefined : { reason: REJECT_REASON.SENDING_TIME, tag: TAG.SENDING_TIME, text: why, isEnd: true };
}

function timeProblem(message: FixMessage, { accuracyMs = ACCURACY_MS, now }: CheckOptions): string {
  const time = parseFixTime(message.get(TAG.SENDING_TIME) ?? '');
  if (Number.isNaN(time)) return 'SendingTime is no time';
  return Math.abs(time - now()) > accuracyMs ? 'SendingTime accuracy problem' : '';
}

export function tooLow(expected: number, received: number): string {
  return `MsgSeqNum too low, expecting ${expected} but received ${received}`;
}

/**
 * What is wrong with a message that may have come before (PossDupFlag), in its place or below it: volume 2, test cases 2f and 2g. A
 * SequenceReset, which is made for the occasion, may lack the time of a first sending.
 */
export function repeatProblem(message: FixMessage): HeadProblem | undefined {
  if (message.get(TAG.POSS_DUP_FLAG) !== 'Y') return undefined;
  const tag = TAG.ORIG_SENDING_TIME;
  const original = parseFixTime(message.get(tag) ?? '');
  if (message.get(tag) === undefined && message.type === MSG.SEQUENCE_RESET) return undefined;
  if (message.get(tag) === undefined)
    return { reason: REJECT_REASON.REQUIRED_TAG_MISSING, tag, text: 'OrigSendingTime is missing', isEnd: false };
  if (Number.isNaN(original)) return { reason: REJECT_REASON.DATA_FORMAT, tag, text: 'OrigSendingTime is no time', isEnd: false };
  if (original <= parseFixTime(message.get(TAG.SENDING_TIME)!)) return undefined;
  return { reason: REJECT_REASON.SENDING_TIME, tag, text: 'OrigSendingTime is after SendingTime', isEnd: true };
}

/** What is wrong with a message's fields, whatever it says. Undefined: nothing is. */
export function fieldProblem(message: FixMessage): Omit<HeadProblem, 'isEnd'> | undefined {
  const { badReason, badTag } = message;
  if (badReason === REJECT_REASON.OTHER) return { reason: badReason, tag: badTag, text: 'it has too many fields' };
  if (badReason >= 0) return { reason: badReason, tag: badTag, text: 'a field is wrong' };
  const flag = badFlag(message);
  return flag === 0 ? undefined : { reason: REJECT_REASON.VALUE_INCORRECT, tag: flag, text: 'it must be Y or N' };
}

/** The first flag that is neither Y nor N; 0: there is none. */
function badFlag(message: FixMessage): number {
  return FLAGS.find((tag) => !['Y', 'N', undefined].includes(message.get(tag))) ?? 0;
}

/** Whether a SequenceReset is one, and no gap fill. */
export function isReset(message: FixMessage): boolean {
  return ['N', undefined].includes(message.get(TAG.GAP_FILL_FLAG));
}
