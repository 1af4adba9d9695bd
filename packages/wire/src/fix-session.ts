import {
  type FixField,
  type FixMessage,
  fixTime,
  formatFix,
  MSG,
  parseFix,
  parseFixTime,
  REJECT_REASON,
  SESSION_MESSAGES,
  TAG,
} from './fix.ts';

/** What a session keeps beyond a connection. */
export interface FixStore {
  /** numbers of the next message to send, and to receive */
  nextOut: number;
  nextIn: number;
  /** Keeps a message that is about to be sent. */
  save(sequence: number, message: Buffer): void;
  /** The message with a number, undefined: it is not kept (session messages need not be). */
  load(sequence: number): Buffer | undefined;
  /** Begins anew at 1 and 1. */
  reset(): void;
}

export interface FixSessionOptions {
  /** FIX.4.4 or FIXT.1.1 */
  beginString: string;
  /** own name, and the other side's */
  sender: string;
  target: string;
  store: FixStore;
  /** Puts bytes on the line. */
  send(bytes: Buffer): void;
  /** Ends the connection once what was sent is on its way. */
  disconnect(): void;
  /** Takes an application message: in order, once. */
  onMessage(message: FixMessage): void;
  onLogon?(): void;
  onLogout?(): void;
  /** milliseconds since 1970 */
  now(): number;
  /** how far SendingTime may be off, milliseconds */
  accuracyMs?: number;
}

/** Messages that may wait behind a gap. */
const MOST_WAITING = 10_000;
const ACCURACY_MS = 120_000;
/** Silence of so many heartbeat intervals is asked about, and of so many is the end. */
const ASK_AFTER = 1.2;
const GIVE_UP_AFTER = 2.4;
const REQUIRED = [TAG.MSG_SEQ_NUM, TAG.SENDER_COMP_ID, TAG.TARGET_COMP_ID, TAG.SENDING_TIME];

/**
 * A FIX session without its sockets: FIX 4.4 volume 2, and FIXT 1.1, which has the same session. The acceptor's side begins with the
 * initiator's Logon, which whoever owns the connection has looked at, and found the session for: {@link accept}.
 *
 * Messages go to the application in the order of their numbers. What comes too early waits while a ResendRequest is under way; what comes
 * again is passed over when it says so (PossDupFlag), and ends the session when it does not.
 */
export class FixSession {
  isLoggedOn = false;
  readonly options: FixSessionOptions;
  readonly #waiting = new Map<number, FixMessage>();
  #heartbeatMs = 30_000;
  #heardAt = 0;
  #sentAt = 0;
  #askedAt = 0;
  /** numbers asked for end before this; 0: nothing is asked for */
  #resendUntil = 0;
  #isLoggingOut = false;

  constructor(options: FixSessionOptions) {
    this.options = options;
  }

  /** Whether it is a session of FIXT 1.1: of FIX 5.0 SP2, which wants some fields that FIX 4.4 does not have. */
  get isFixt(): boolean {
    return this.options.beginString === 'FIXT.1.1';
  }

  /** The initiator's Logon. Returns false when the connection is to end. */
  accept(logon: FixMessage): boolean {
    const { store, now } = this.options;
    this.#heardAt = now();
    const interval = logon.number(TAG.HEART_BT_INT);
    if (!(interval > 0 && interval <= 3600)) return this.#refuse('HeartBtInt must be 1 to 3600');
    if (logon.get(TAG.ENCRYPT_METHOD) !== '0') return this.#refuse('EncryptMethod must be 0');
    if (this.isFixt && logon.get(TAG.DEFAULT_APPL_VER_ID) !== '9') return this.#refuse('DefaultApplVerID must be 9');
    const why = this.#timeProblem(logon);
    if (why !== '') return this.#refuse(why);
    const sequence = logon.number(TAG.MSG_SEQ_NUM);
    if (!(sequence > 0)) return this.#refuse('MsgSeqNum is missing');
    const isReset = logon.get(TAG.RESET_SEQ_NUM_FLAG) === 'Y';
    if (isReset && sequence !== 1) return this.#refuse('MsgSeqNum must be 1 with ResetSeqNumFlag');
    if (isReset) store.reset();
    if (sequence < store.nextIn && logon.get(TAG.POSS_DUP_FLAG) !== 'Y')
      return this.#refuse(`MsgSeqNum too low, expecting ${store.nextIn} but received ${sequence}`);
    this.#heartbeatMs = interval * 1000;
    this.isLoggedOn = true;
    this.#send(MSG.LOGON, [
      [TAG.ENCRYPT_METHOD, 0],
      [TAG.HEART_BT_INT, interval],
      [TAG.RESET_SEQ_NUM_FLAG, isReset ? 'Y' : undefined],
      [TAG.DEFAULT_APPL_VER_ID, this.isFixt ? 9 : undefined],
    ]);
    if (sequence === store.nextIn) store.nextIn++;
    else if (sequence > store.nextIn) this.#askFor(sequence);
    this.options.onLogon?.();
    return true;
  }

  /** Begins as the initiator. */
  logon(heartbeatSeconds: number, more: readonly FixField[] = []): void {
    this.#heartbeatMs = heartbeatSeconds * 1000;
    this.#heardAt = this.options.now();
    this.#send(MSG.LOGON, [[TAG.ENCRYPT_METHOD, 0], [TAG.HEART_BT_INT, heartbeatSeconds], ...more]);
  }

  /** Takes a message off the line. */
  receive(text: string): void {
    const message = parseFix(text);
    this.#heardAt = this.options.now();
    this.#askedAt = 0;
    if (message.get(TAG.BEGIN_STRING) !== this.options.beginString) {
      this.#end(`BeginString must be ${this.options.beginString}`);
      return;
    }
    if (!this.#hasValidHead(message)) return;
    const sequence = message.number(TAG.MSG_SEQ_NUM);
    const { type } = message;
    if (type === MSG.SEQUENCE_RESET && message.get(TAG.GAP_FILL_FLAG) !== 'Y') {
      this.#reset(message);
      return;
    }
    if (type === MSG.LOGON && !this.isLoggedOn) {
      this.#loggedOn(message, sequence);
      return;
    }
    const { store } = this.options;
    if (sequence < store.nextIn) this.#tooLow(message, sequence);
    else if (sequence > store.nextIn) this.#tooHigh(message, sequence);
    else this.#inOrder(message);
  }

  /** Sends an application message. */
  send(type: string, fields: readonly FixField[]): void {
    this.#send(type, fields);
  }

  /** Call a few times a second. */
  tick(): void {
    if (!this.isLoggedOn) return;
    const now = this.options.now();
    const silence = now - this.#heardAt;
    if (silence > this.#heartbeatMs * GIVE_UP_AFTER) {
      this.#gone();
      this.options.disconnect();
      return;
    }
    if (silence > this.#heartbeatMs * ASK_AFTER && this.#askedAt === 0) {
      this.#askedAt = now;
      this.#send(MSG.TEST_REQUEST, [[TAG.TEST_REQ_ID, `T${now}`]]);
    } else if (now - this.#sentAt >= this.#heartbeatMs) this.#send(MSG.HEARTBEAT, []);
  }

  /** Says goodbye; the connection ends when the other side has answered, or when it is silent. */
  logout(why: string): void {
    if (!this.isLoggedOn || this.#isLoggingOut) return;
    this.#isLoggingOut = true;
    this.#send(MSG.LOGOUT, [[TAG.TEXT, why]]);
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#gone();
  }

  /** Rejects a message of the application's: it was in order, but says what it must not. */
  reject(message: FixMessage, reason: number, tag: number, text: string): void {
    this.#send(MSG.REJECT, [
      [TAG.REF_SEQ_NUM, message.get(TAG.MSG_SEQ_NUM)],
      [TAG.REF_TAG_ID, tag === 0 ? undefined : tag],
      [TAG.REF_MSG_TYPE, message.type],
      [TAG.SESSION_REJECT_REASON, reason],
      [TAG.TEXT, text],
    ]);
  }

  // ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #inOrder(message: FixMessage): void {
    const { store } = this.options;
    const isGapFill = message.type === MSG.SEQUENCE_RESET;
    if (!isGapFill) store.nextIn++;
    this.#handle(message);
    if (store.nextIn >= this.#resendUntil) this.#resendUntil = 0;
    if (isGapFill) for (const sequence of this.#waiting.keys()) if (sequence < store.nextIn) this.#waiting.delete(sequence);
    for (let next = this.#waiting.get(store.nextIn); next !== undefined; next = this.#waiting.get(store.nextIn)) {
      this.#waiting.delete(store.nextIn);
      if (next.type !== MSG.SEQUENCE_RESET) store.nextIn++;
      this.#handle(next);
    }
    if (this.#waiting.size > 0 && this.#resendUntil === 0) this.#askFor(Math.min(...this.#waiting.keys()));
  }

  #tooLow(message: FixMessage, sequence: number): void {
    if (message.get(TAG.POSS_DUP_FLAG) !== 'Y') {
      this.#end(`MsgSeqNum too low, expecting ${this.options.store.nextIn} but received ${sequence}`);
      return;
    }
    const [original, sent] = [message.get(TAG.ORIG_SENDING_TIME), message.get(TAG.SENDING_TIME)];
    if (original === undefined)
      this.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, TAG.ORIG_SENDING_TIME, 'OrigSendingTime is missing');
    else if (parseFixTime(original) > parseFixTime(sent!)) {
      this.reject(message, REJECT_REASON.SENDING_TIME, TAG.ORIG_SENDING_TIME, 'OrigSendingTime is after SendingTime');
      this.#end('OrigSendingTime is after SendingTime');
    }
  }

  #tooHigh(message: FixMessage, sequence: number): void {
    if (message.type === MSG.LOGOUT) {
      this.#handle(message);
      return;
    }
    if (this.#waiting.size === MOST_WAITING) {
      this.#end('too many messages after a gap');
      return;
    }
    // What the other side needs in order to go on does not wait; its number is filled when the gap is.
    if (message.type === MSG.RESEND_REQUEST) this.#resend(message);
    else this.#waiting.set(sequence, message);
    if (this.#resendUntil === 0) this.#askFor(sequence);
  }

  #askFor(until: number): void {
    this.#resendUntil = until;
    this.#send(MSG.RESEND_REQUEST, [
      [TAG.BEGIN_SEQ_NO, this.options.store.nextIn],
      [TAG.END_SEQ_NO, 0],
    ]);
  }

  // ── Session messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #handle(message: FixMessage): void {
    if (message.badReason >= 0) {
      this.reject(message, message.badReason, message.badTag, 'a field is wrong');
      return;
    }
    switch (message.type) {
      case MSG.HEARTBEAT:
      case MSG.REJECT:
        break;
      case MSG.TEST_REQUEST:
        if (message.get(TAG.TEST_REQ_ID) === undefined)
          this.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, TAG.TEST_REQ_ID, 'TestReqID is missing');
        else this.#send(MSG.HEARTBEAT, [[TAG.TEST_REQ_ID, message.get(TAG.TEST_REQ_ID)]]);
        break;
      case MSG.RESEND_REQUEST:
        this.#resend(message);
        break;
      case MSG.SEQUENCE_RESET:
        this.#gapFill(message);
        break;
      case MSG.LOGOUT:
        if (!this.#isLoggingOut) this.#send(MSG.LOGOUT, []);
        this.#gone();
        this.options.disconnect();
        break;
      case MSG.LOGON:
        this.#end('logged on already');
        break;
      case '':
        this.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, TAG.MSG_TYPE, 'MsgType is missing');
        break;
      default:
        this.options.onMessage(message);
    }
  }

  /** The acceptor's answer to our Logon. */
  #loggedOn(message: FixMessage, sequence: number): void {
    const { store } = this.options;
    if (message.get(TAG.RESET_SEQ_NUM_FLAG) === 'Y') store.nextIn = 1;
    this.isLoggedOn = true;
    if (sequence === store.nextIn) store.nextIn++;
    else if (sequence > store.nextIn) this.#askFor(sequence);
    else {
      this.#end(`MsgSeqNum too low, expecting ${store.nextIn} but received ${sequence}`);
      return;
    }
    this.options.onLogon?.();
  }

  #gapFill(message: FixMessage): void {
    const { store } = this.options;
    const next = message.number(TAG.NEW_SEQ_NO);
    if (next > message.number(TAG.MSG_SEQ_NUM)) store.nextIn = next;
    else {
      store.nextIn++;
      this.reject(message, REJECT_REASON.VALUE_INCORRECT, TAG.NEW_SEQ_NO, 'NewSeqNo must be greater than MsgSeqNum');
    }
  }

  /** SequenceReset-Reset: its own number does not count. */
  #reset(message: FixMessage): void {
    const { store } = this.options;
    const next = message.number(TAG.NEW_SEQ_NO);
    if (next >= store.nextIn) {
      store.nextIn = next;
      this.#waiting.clear();
      this.#resendUntil = 0;
    } else this.reject(message, REJECT_REASON.VALUE_INCORRECT, TAG.NEW_SEQ_NO, `NewSeqNo must be ${store.nextIn} or greater`);
  }

  /** Sends again what is asked for: application messages as they were, marked; a gap fill for each run of the others. */
  #resend(message: FixMessage): void {
    const { store } = this.options;
    const begin = message.number(TAG.BEGIN_SEQ_NO);
    const asked = message.number(TAG.END_SEQ_NO);
    const last = store.nextOut - 1;
    const end = asked === 0 || asked > last ? last : asked;
    if (!(begin >= 1) || !(asked >= 0)) {
      this.reject(message, REJECT_REASON.VALUE_INCORRECT, TAG.BEGIN_SEQ_NO, 'no range of messages');
      return;
    }
    let gap = begin;
    for (let sequence = begin; sequence <= end; sequence++) {
      const kept = store.load(sequence);
      if (kept === undefined) continue;
      const old = parseFix(kept.toString('latin1'));
      if (SESSION_MESSAGES.has(old.type)) continue;
      if (gap < sequence) this.#fillGap(gap, sequence);
      gap = sequence + 1;
      const body = old.tags.map((tag, i): FixField => [tag, old.values[i]]).filter(([tag]) => !HEAD.has(tag));
      const original = old.get(TAG.SENDING_TIME);
      this.#put(sequence, old.type, [[TAG.ORIG_SENDING_TIME, original], ...body], true);
    }
    if (gap <= end) this.#fillGap(gap, end + 1);
  }

  #fillGap(first: number, next: number): void {
    const time = fixTime(this.options.now());
    const fields: FixField[] = [
      [TAG.ORIG_SENDING_TIME, time],
      [TAG.GAP_FILL_FLAG, 'Y'],
      [TAG.NEW_SEQ_NO, next],
    ];
    this.#put(first, MSG.SEQUENCE_RESET, fields, true);
  }

  // ── Checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hasValidHead(message: FixMessage): boolean {
    const missing = REQUIRED.find((tag) => message.get(tag) === undefined);
    if (missing === TAG.MSG_SEQ_NUM || !(message.number(TAG.MSG_SEQ_NUM) > 0)) {
      this.#end('MsgSeqNum is missing');
      return false;
    }
    if (missing !== undefined) {
      this.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, missing, 'a field of the header is missing');
      if (message.number(TAG.MSG_SEQ_NUM) === this.options.store.nextIn) this.options.store.nextIn++;
      return false;
    }
    const isFromThem = message.get(TAG.SENDER_COMP_ID) === this.options.target && message.get(TAG.TARGET_COMP_ID) === this.options.sender;
    if (!isFromThem) {
      this.reject(message, REJECT_REASON.COMP_ID, TAG.SENDER_COMP_ID, 'CompID problem');
      this.#end('CompID problem');
      return false;
    }
    const why = this.#timeProblem(message);
    if (why === '') return true;
    this.reject(message, REJECT_REASON.SENDING_TIME, TAG.SENDING_TIME, why);
    this.#end(why);
    return false;
  }

  #timeProblem(message: FixMessage): string {
    const time = parseFixTime(message.get(TAG.SENDING_TIME) ?? '');
    const accuracy = this.options.accuracyMs ?? ACCURACY_MS;
    if (Number.isNaN(time)) return 'SendingTime is no time';
    return Math.abs(time - this.options.now()) > accuracy ? 'SendingTime accuracy problem' : '';
  }

  // ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #send(type: string, fields: readonly FixField[]): void {
    this.#put(this.options.store.nextOut, type, fields, false);
  }

  #put(sequence: number, type: string, fields: readonly FixField[], isAgain: boolean): void {
    const { beginString, sender, target, store, now } = this.options;
    this.#sentAt = now();
    const bytes = formatFix(beginString, [
      [TAG.MSG_TYPE, type],
      [TAG.SENDER_COMP_ID, sender],
      [TAG.TARGET_COMP_ID, target],
      [TAG.MSG_SEQ_NUM, sequence],
      [TAG.POSS_DUP_FLAG, isAgain ? 'Y' : undefined],
      [TAG.SENDING_TIME, fixTime(this.#sentAt)],
      ...fields,
    ]);
    if (!isAgain) {
      store.save(sequence, bytes);
      store.nextOut = sequence + 1;
    }
    this.options.send(bytes);
  }

  #refuse(why: string): false {
    this.#send(MSG.LOGOUT, [[TAG.TEXT, why]]);
    return false;
  }

  #end(why: string): void {
    this.#send(MSG.LOGOUT, [[TAG.TEXT, why]]);
    this.#gone();
    this.options.disconnect();
  }

  #gone(): void {
    if (!this.isLoggedOn) return;
    this.isLoggedOn = false;
    this.#isLoggingOut = false;
    this.#waiting.clear();
    this.#resendUntil = 0;
    this.options.onLogout?.();
  }
}

/** Fields that #put writes by itself, or that end a message. */
const HEAD: ReadonlySet<number> = new Set([
  TAG.BEGIN_STRING,
  TAG.BODY_LENGTH,
  TAG.MSG_TYPE,
  TAG.SENDER_COMP_ID,
  TAG.TARGET_COMP_ID,
  TAG.MSG_SEQ_NUM,
  TAG.SENDING_TIME,
  TAG.POSS_DUP_FLAG,
  TAG.ORIG_SENDING_TIME,
  TAG.CHECK_SUM,
]);
