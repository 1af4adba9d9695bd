/** FIX sessions, without sockets. */
import { type FixField, type FixMessage, MSG, parseFix, REJECT_REASON, TAG } from './fix.ts';
import {
  type CheckOptions,
  fieldProblem,
  type HeadProblem,
  headProblem,
  isReset,
  logonProblem,
  repeatProblem,
  tooLow,
} from './fix-checks.ts';
import type { FixPieces } from './fix-format.ts';
import { FixInbound } from './fix-inbound.ts';
import { FixLine, type FixLineOptions, fixWeight } from './fix-line.ts';
import { Silence } from './fix-silence.ts';

export { type FixStore, fixWeight } from './fix-line.ts';

export interface FixSessionOptions extends FixLineOptions, CheckOptions {
  /** Ends the connection once what was sent is on its way. */
  disconnect(): void;
  /** Takes an application message: in order, once. */
  onMessage(message: FixMessage): void;
  onLogon?(): void;
  onLogout?(): void;
  /** There is work left: call {@link FixSession.work} until it returns false, and again when the line takes more. When it is not given, all is done at once. */
  onWork?(): void;
  /** fields that a message may have: one with more is rejected */
  mostFields?: number;
}

const ALL_AT_ONCE = 1024;

/**
 * A FIX session without its sockets: FIX 4.4 volume 2, and FIXT 1.1, which has the same session. The acceptor's side begins with the
 * initiator's Logon, which whoever owns the connection has looked at, and found the session for: {@link accept}.
 *
 * Messages go to the application in the order of their numbers. What comes too early waits while a ResendRequest is under way; what comes
 * again is passed over when it says so (PossDupFlag), and ends the session when it does not. What goes out goes through `FixLine`.
 */
export class FixSession {
  isLoggedOn = false;
  readonly options: FixSessionOptions;
  readonly #line: FixLine;
  readonly #inbound: FixInbound;
  readonly #silence = new Silence();
  #isLoggingOut = false;
  /** This connection is over: nothing that still comes on it counts. */
  #isOver = false;

  constructor(options: FixSessionOptions) {
    this.options = options;
    this.#line = new FixLine(options);
    this.#inbound = new FixInbound(options);
  }

  /** Whether it is a session of FIXT 1.1: of FIX 5.0 SP2, which wants some fields that FIX 4.4 does not have. */
  get isFixt(): boolean {
    return this.options.beginString === 'FIXT.1.1';
  }

  /** Whether a message would go out at once: nothing waits. */
  get isClear(): boolean {
    return this.isLoggedOn && this.#line.isClear;
  }

  /** Whether there is work left, for now or for when the line takes more. */
  get hasWork(): boolean {
    return this.#line.isWaiting || this.#isDue;
  }

  /** Why an initiator's Logon is to be refused; empty: it may be accepted. Changes nothing. */
  problemWith(logon: FixMessage): string {
    return logonProblem(logon, this.options);
  }

  /** The initiator's Logon, on a new connection. Returns false when it is refused: the connection ends with the reason. */
  accept(logon: FixMessage): boolean {
    const why = this.problemWith(logon);
    if (why !== '') {
      this.refuse(why);
      return false;
    }
    const { store, now } = this.options;
    const sequence = logon.number(TAG.MSG_SEQ_NUM);
    const interval = logon.number(TAG.HEART_BT_INT);
    const isReset = logon.get(TAG.RESET_SEQ_NUM_FLAG) === 'Y';
    if (isReset) store.reset();
    this.#begin();
    this.#silence.begin(now(), interval * 1000);
    this.isLoggedOn = true;
    this.send(MSG.LOGON, [
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

  /** Refuses a Logon on a new connection, with the reason. The session's other connection must be gone. */
  refuse(why: string): void {
    this.#begin();
    this.#end(why);
  }

  /** Begins as the initiator. */
  logon(heartbeatSeconds: number, more: readonly FixField[] = []): void {
    this.#begin();
    this.#silence.begin(this.options.now(), heartbeatSeconds * 1000);
    this.send(MSG.LOGON, [[TAG.ENCRYPT_METHOD, 0], [TAG.HEART_BT_INT, heartbeatSeconds], ...more]);
  }

  /** Says goodbye; the connection ends when the other side has answered, or when it is silent. */
  logout(why: string): void {
    if (!this.isLoggedOn || this.#isLoggingOut) return;
    this.#isLoggingOut = true;
    this.send(MSG.LOGOUT, [[TAG.TEXT, why]]);
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#line.disconnect();
    this.#isOver = true;
    this.#gone();
  }

  /** Another connection takes this one's place: the session goes on, so that it is not logged out. */
  moved(): void {
    this.#line.disconnect();
    this.#isOver = true;
    this.isLoggedOn = false;
  }

  /** Takes a message off the line. */
  receive(text: string): void {
    if (this.#isOver) return;
    this.#take(text);
    if (!this.#isDue) return;
    if (this.options.onWork === undefined) while (this.#takeDue(ALL_AT_ONCE));
    else this.options.onWork();
  }

  /** Takes at most so many messages that waited for others, and sends at most so many that wait for the line; see `fixWeight`. Returns whether there is more to do now. */
  work(most: number): boolean {
    const isDue = this.#takeDue(most);
    return this.#line.pump(most) || isDue;
  }

  /** Call a few times a second. */
  tick(): void {
    if (!this.isLoggedOn) return;
    const now = this.options.now();
    switch (this.#silence.next(now, this.#line.isWaiting ? now : this.#line.sentAt)) {
      case 'give up':
        this.#isOver = true;
        this.#gone();
        this.options.disconnect();
        break;
      case 'ask':
        this.send(MSG.TEST_REQUEST, [[TAG.TEST_REQ_ID, `T${now}`]]);
        break;
      case 'beat':
        this.send(MSG.HEARTBEAT, []);
    }
  }

  /** Sends a message. @param more what comes after the fields, of a message that is not kept to be sent again */
  send(type: string, fields: readonly FixField[], more?: FixPieces): void {
    this.#line.send(type, fields, more);
    this.#lineHasWork();
  }

  /** Rejects a message of the application's: it was in order, but says what it must not. */
  reject(message: FixMessage, reason: number, tag: number, text: string): void {
    this.send(MSG.REJECT, [
      [TAG.REF_SEQ_NUM, message.get(TAG.MSG_SEQ_NUM)],
      [TAG.REF_TAG_ID, tag === 0 ? undefined : tag],
      [TAG.REF_MSG_TYPE, message.type],
      [TAG.SESSION_REJECT_REASON, reason],
      [TAG.TEXT, text],
    ]);
  }

  #take(text: string): void {
    const message = parseFix(text, this.options.mostFields);
    this.#silence.heard(this.options.now());
    const problem = headProblem(message, this.options);
    if (problem !== undefined) {
      this.#wrongHead(message, problem);
      return;
    }
    const sequence = message.number(TAG.MSG_SEQ_NUM);
    const { type } = message;
    if (!this.isLoggedOn) {
      if (type === MSG.LOGON) this.#loggedOn(message, sequence);
      else if (type === MSG.LOGOUT) this.#finish();
      else this.#end('the first message must be a Logon');
      return;
    }
    if (type === MSG.SEQUENCE_RESET && isReset(message)) {
      this.#reset(message);
      return;
    }
    const { store } = this.options;
    if (sequence < store.nextIn) this.#tooLow(message, sequence);
    else if (sequence > store.nextIn) this.#tooHigh(message, sequence, text);
    else this.#inOrder(message);
  }

  #wrongHead(message: FixMessage, { reason, tag, text, isEnd }: HeadProblem): void {
    if (reason >= 0) this.reject(message, reason, tag, text);
    if (isEnd) this.#end(text);
    else if (message.number(TAG.MSG_SEQ_NUM) === this.options.store.nextIn) this.options.store.nextIn++;
  }

  #inOrder(message: FixMessage): void {
    const { store } = this.options;
    if (message.type !== MSG.SEQUENCE_RESET) store.nextIn++;
    this.#handle(message);
    this.#askForMore();
  }

  /** Whether the next message in order waits. */
  get #isDue(): boolean {
    return this.isLoggedOn && this.#inbound.isDue;
  }

  #takeDue(most: number): boolean {
    for (let left = most; left > 0 && this.#isDue; ) {
      const text = this.#inbound.take();
      left -= fixWeight(text.length);
      this.#inOrder(parseFix(text, this.options.mostFields));
    }
    return this.#isDue;
  }

  /** When all that was asked for has come, and something is missing still: asks again. */
  #askForMore(): void {
    if (!this.isLoggedOn || this.#isDue) return;
    const until = this.#inbound.missing();
    if (until !== 0) this.#askFor(until);
  }

  #tooLow(message: FixMessage, sequence: number): void {
    if (message.get(TAG.POSS_DUP_FLAG) !== 'Y') this.#end(tooLow(this.options.store.nextIn, sequence));
    else this.#isRefusedRepeat(message);
  }

  #tooHigh(message: FixMessage, sequence: number, text: string): void {
    if (message.type === MSG.LOGOUT) {
      this.#handle(message);
      return;
    }
    // What the other side needs in order to go on does not wait; its number is filled when the gap is.
    if (message.type === MSG.RESEND_REQUEST) this.#sendAgain(message);
    else this.#inbound.keep(sequence, text);
    if (!this.#inbound.isAsking) this.#askFor(sequence);
  }

  #askFor(until: number): void {
    this.#inbound.ask(until);
    this.send(MSG.RESEND_REQUEST, [
      [TAG.BEGIN_SEQ_NO, this.options.store.nextIn],
      [TAG.END_SEQ_NO, 0],
    ]);
  }

  #handle(message: FixMessage): void {
    const problem = fieldProblem(message);
    if (problem !== undefined) return this.#pass(message, problem.reason, problem.tag, problem.text);
    if (message.type !== MSG.LOGOUT && this.#isRefusedRepeat(message)) {
      if (message.type === MSG.SEQUENCE_RESET) this.options.store.nextIn++; // as others: it came in order
      return;
    }
    switch (message.type) {
      case MSG.HEARTBEAT:
      case MSG.REJECT:
        break;
      case MSG.TEST_REQUEST:
        if (message.get(TAG.TEST_REQ_ID) === undefined)
          this.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, TAG.TEST_REQ_ID, 'TestReqID is missing');
        else this.send(MSG.HEARTBEAT, [[TAG.TEST_REQ_ID, message.get(TAG.TEST_REQ_ID)]]);
        break;
      case MSG.RESEND_REQUEST:
        this.#sendAgain(message);
        break;
      case MSG.SEQUENCE_RESET:
        this.#gapFill(message);
        break;
      case MSG.LOGOUT:
        if (!this.#isLoggingOut) this.send(MSG.LOGOUT, []);
        this.#finish();
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

  /** Refuses what says that it may have come before, and cannot have. */
  #isRefusedRepeat(message: FixMessage): boolean {
    const problem = repeatProblem(message);
    if (problem !== undefined) this.#wrongHead(message, problem);
    return problem !== undefined;
  }

  /** Rejects a message whose fields are wrong: it counts. */
  #pass(message: FixMessage, reason: number, tag: number, text: string): void {
    if (message.type === MSG.SEQUENCE_RESET) this.options.store.nextIn++;
    this.reject(message, reason, tag, text);
  }

  /** The acceptor's answer to our Logon. */
  #loggedOn(message: FixMessage, sequence: number): void {
    const { store } = this.options;
    if (message.get(TAG.RESET_SEQ_NUM_FLAG) === 'Y') store.nextIn = 1;
    this.isLoggedOn = true;
    if (sequence === store.nextIn) store.nextIn++;
    else if (sequence > store.nextIn) this.#askFor(sequence);
    else return this.#end(tooLow(store.nextIn, sequence));
    this.options.onLogon?.();
  }

  #gapFill(message: FixMessage): void {
    const next = message.number(TAG.NEW_SEQ_NO);
    if (next > message.number(TAG.MSG_SEQ_NUM)) this.#inbound.fillTo(next);
    else this.#pass(message, REJECT_REASON.VALUE_INCORRECT, TAG.NEW_SEQ_NO, 'NewSeqNo must be greater than MsgSeqNum');
  }

  /** SequenceReset-Reset: its own number does not count. */
  #reset(message: FixMessage): void {
    const { store } = this.options;
    const next = message.number(TAG.NEW_SEQ_NO);
    if (message.badReason >= 0) this.reject(message, message.badReason, message.badTag, 'a field is wrong');
    else if (this.#isRefusedRepeat(message)) return;
    else if (next >= store.nextIn) this.#inbound.resetTo(next);
    else this.reject(message, REJECT_REASON.VALUE_INCORRECT, TAG.NEW_SEQ_NO, `NewSeqNo must be ${store.nextIn} or greater`);
  }

  #sendAgain(message: FixMessage): void {
    const [begin, end] = [message.number(TAG.BEGIN_SEQ_NO), message.number(TAG.END_SEQ_NO)];
    if (message.badReason >= 0 || !(begin >= 1) || !(end === 0 || end >= begin)) {
      this.reject(message, REJECT_REASON.VALUE_INCORRECT, TAG.BEGIN_SEQ_NO, 'no range of messages');
      return;
    }
    this.#line.sendAgain(begin, end === 0 ? Number.POSITIVE_INFINITY : end);
    this.#lineHasWork();
  }

  #lineHasWork(): void {
    if (!this.#line.isWaiting) return;
    if (this.options.onWork === undefined) while (this.#line.pump(ALL_AT_ONCE));
    else this.options.onWork();
  }

  #begin(): void {
    this.#line.connect();
    this.#inbound.begin();
    this.#isLoggingOut = false;
    this.#isOver = false;
  }

  #end(why: string): void {
    this.send(MSG.LOGOUT, [[TAG.TEXT, why]]);
    this.#finish();
  }

  /** Ends the connection once what has its number is out. */
  #finish(): void {
    this.#isOver = true;
    this.#line.finish(() => this.options.disconnect());
    this.#gone();
    this.#lineHasWork();
  }

  #gone(): void {
    if (!this.isLoggedOn) return;
    this.isLoggedOn = false;
    this.options.onLogout?.();
  }
}
