import { getAlpha, setAlpha } from './layout.ts';

/**
 * SoupBinTCP 4.0 (SoupBinTCP specification, section 2): packets of a length of two bytes (type and payload), a type and a payload, over
 * a stream. The venue's sequenced packets are numbered from 1 in a session, by counting; a client that comes back asks for the next.
 */
export const SOUP = {
  DEBUG: 0x2b, // '+'
  // from the venue
  LOGIN_ACCEPTED: 0x41, // 'A'
  LOGIN_REJECTED: 0x4a, // 'J'
  SEQUENCED: 0x53, // 'S'
  SERVER_HEARTBEAT: 0x48, // 'H'
  END_OF_SESSION: 0x5a, // 'Z'
  // from the client
  LOGIN_REQUEST: 0x4c, // 'L'
  UNSEQUENCED: 0x55, // 'U'
  CLIENT_HEARTBEAT: 0x52, // 'R'
  LOGOUT_REQUEST: 0x4f, // 'O'
} as const;

/** Why a login was refused (2.2.3). */
export const NOT_AUTHORIZED = 0x41; // 'A'
export const NO_SUCH_SESSION = 0x53; // 'S'

/** Bytes ahead of a payload, and of the fixed packets. */
export const SOUP_HEAD = 3;
export const LOGIN_REQUEST_BYTES = SOUP_HEAD + 46;
export const LOGIN_ACCEPTED_BYTES = SOUP_HEAD + 30;
export const SESSION_LETTERS = 10;
const NUMBER_DIGITS = 20;
const USER_LETTERS = 6;
const PASSWORD_LETTERS = 10;

/** Both sides send a heartbeat after a second without anything to say, and give the other up after fifteen without hearing it (1.3). */
export const HEARTBEAT_MS = 1000;
export const SILENCE_MS = 15_000;

export interface LoginRequest {
  user: string;
  password: string;
  /** blank: the one that is running */
  session: string;
  /** number of the next sequenced packet wanted; 0: only new ones. NaN when it is no number. */
  sequence: number;
}

/** Writes a packet's head. Returns where its payload begins. */
export function beginPacket(view: DataView, at: number, type: number, payloadBytes: number): number {
  view.setUint16(at, payloadBytes + 1);
  view.setUint8(at + 2, type);
  return at + SOUP_HEAD;
}

/** Bytes of the packet that begins at a place: its length and what that counts. */
export function packetBytes(bytes: Uint8Array, at: number): number {
  return 2 + ((bytes[at] << 8) | bytes[at + 1]);
}

/** Bytes of the whole packets at the beginning of some; a length of 0, which no packet has, ends them. */
export function wholePackets(bytes: Uint8Array, end: number): number {
  let at = 0;
  while (at + 2 <= end) {
    const length = packetBytes(bytes, at);
    if (length === 2 || at + length > end) break;
    at += length;
  }
  return at;
}

/** @param at where the payload begins @returns undefined when it is no login of 46 bytes */
export function readLogin(view: DataView, at: number, bytes: number): LoginRequest | undefined {
  if (bytes !== LOGIN_REQUEST_BYTES - SOUP_HEAD) return undefined;
  return {
    user: getAlpha(view, at, USER_LETTERS),
    password: getAlpha(view, at + USER_LETTERS, PASSWORD_LETTERS),
    session: getAlpha(view, at + USER_LETTERS + PASSWORD_LETTERS, SESSION_LETTERS).trimStart(),
    sequence: readNumber(view, at + USER_LETTERS + PASSWORD_LETTERS + SESSION_LETTERS),
  };
}

export function writeLogin(view: DataView, at: number, { user, password, session, sequence }: LoginRequest): number {
  const payload = beginPacket(view, at, SOUP.LOGIN_REQUEST, LOGIN_REQUEST_BYTES - SOUP_HEAD);
  setAlpha(view, payload, USER_LETTERS, user);
  setAlpha(view, payload + USER_LETTERS, PASSWORD_LETTERS, password);
  setAlpha(view, payload + USER_LETTERS + PASSWORD_LETTERS, SESSION_LETTERS, session.padStart(SESSION_LETTERS));
  writeNumber(view, payload + USER_LETTERS + PASSWORD_LETTERS + SESSION_LETTERS, sequence);
  return LOGIN_REQUEST_BYTES;
}

/** @param sequence number of the next sequenced packet that will come */
export function writeLoginAccepted(view: DataView, at: number, session: string, sequence: number): number {
  const payload = beginPacket(view, at, SOUP.LOGIN_ACCEPTED, LOGIN_ACCEPTED_BYTES - SOUP_HEAD);
  setAlpha(view, payload, SESSION_LETTERS, session.padStart(SESSION_LETTERS));
  writeNumber(view, payload + SESSION_LETTERS, sequence);
  return LOGIN_ACCEPTED_BYTES;
}

export function readLoginAccepted(view: DataView, at: number, bytes: number): { session: string; sequence: number } | undefined {
  if (bytes !== LOGIN_ACCEPTED_BYTES - SOUP_HEAD) return undefined;
  return { session: getAlpha(view, at, SESSION_LETTERS).trimStart(), sequence: readNumber(view, at + SESSION_LETTERS) };
}

/** Twenty digits, on the right, padded with spaces. NaN when it is no number; blank is 0. */
export function readNumber(view: DataView, at: number): number {
  const text = getAlpha(view, at, NUMBER_DIGITS).trim();
  return /^\d*$/.test(text) ? Number(text) : Number.NaN;
}
export function writeNumber(view: DataView, at: number, value: number): void {
  setAlpha(view, at, NUMBER_DIGITS, String(value).padStart(NUMBER_DIGITS));
}

/**
 * Cuts a stream into packets. `push` a piece, then `while (framer.next())` look at `type` and the payload in `view`; a packet
 * that is not whole yet waits for the next piece. No allocation but a view for each piece.
 *
 * A packet of length 0, or longer than allowed, sets `isBroken`: there is no way back into step, and the connection is to be closed.
 */
export class SoupFramer {
  type = 0;
  /** where the payload is */
  view!: DataView;
  at = 0;
  bytes = 0;
  isBroken = false;
  readonly #mostBytes: number;
  /** the beginning of a packet that is not whole yet */
  readonly #rest: Uint8Array;
  readonly #restView: DataView;
  #restBytes = 0;
  #piece!: Uint8Array;
  #pieceView!: DataView;
  #next = 0;

  /** @param mostBytes payload of the longest packet that is taken */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#rest = new Uint8Array(SOUP_HEAD + mostBytes);
    this.#restView = new DataView(this.#rest.buffer);
  }

  /** Takes the next piece of the stream; its bytes must stay as they are until `next` has said no. */
  push(piece: Uint8Array): void {
    this.#piece = piece;
    this.#pieceView = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#next = 0;
  }

  next(): boolean {
    if (this.isBroken) return false;
    if (this.#restBytes > 0) return this.#finishRest();
    const left = this.#piece.length - this.#next;
    if (left < 2) return this.#keepRest(left);
    const length = this.#pieceView.getUint16(this.#next);
    if (!this.#isAllowed(length)) return false;
    if (left < 2 + length) return this.#keepRest(left);
    this.#show(this.#pieceView, this.#next, length);
    this.#next += 2 + length;
    return true;
  }

  #finishRest(): boolean {
    if (!this.#fillRest(2)) return false;
    const length = this.#restView.getUint16(0);
    if (!this.#isAllowed(length) || !this.#fillRest(2 + length)) return false;
    this.#restBytes = 0;
    this.#show(this.#restView, 0, length);
    return true;
  }

  /** Takes bytes of the piece until the rest has so many. */
  #fillRest(bytes: number): boolean {
    const wanted = bytes - this.#restBytes;
    const taken = Math.min(wanted, this.#piece.length - this.#next);
    if (taken > 0) {
      this.#rest.set(this.#piece.subarray(this.#next, this.#next + taken), this.#restBytes);
      this.#restBytes += taken;
      this.#next += taken;
    }
    return taken >= wanted;
  }

  #keepRest(left: number): false {
    this.#rest.set(this.#piece.subarray(this.#next), 0);
    this.#restBytes = left;
    this.#next += left;
    return false;
  }

  #isAllowed(length: number): boolean {
    if (length < 1 || length > this.#mostBytes + 1) this.isBroken = true;
    return !this.isBroken;
  }

  #show(view: DataView, at: number, length: number): void {
    this.view = view;
    this.type = view.getUint8(at + 2);
    this.at = at + SOUP_HEAD;
    this.bytes = length - 1;
  }
}
