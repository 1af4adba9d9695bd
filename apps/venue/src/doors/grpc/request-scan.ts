import type { Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { clampDeadline } from './deadline.ts';
import { WireCheck, type WirePlan, wirePlanOf } from './wire-check.ts';

/**
 * Looks at the bytes of requests as they come in, on their way to Connect, which decodes them. A message that says something wrong is let
 * through, for its stream goes on, and refused at the other end: {@link assertSound}. One that is broken ends its call.
 */

/** Bytes ahead of a message: its flags, and its length. */
const HEAD_BYTES = 5;
const COMPRESSED = 1;

const wire = new WireCheck();

/** What is wrong with the messages of a call, for whoever takes them in their order. */
class Faults {
  #seen = 0;
  #taken = 0;
  readonly #faults: { number: number; why: string }[] = [];

  add(why: string | undefined): void {
    if (why !== undefined) this.#faults.push({ number: this.#seen, why });
    this.#seen++;
  }

  /** Of the next message, why it is refused; undefined: it is not. */
  next(): string | undefined {
    const isFaulty = this.#faults[0]?.number === this.#taken++;
    return isFaulty ? this.#faults.shift()!.why : undefined;
  }
}

const FAULTS = createContextKey<Faults | undefined>(undefined, { description: 'what is wrong with the bytes of its messages' });

/** A handler that looks at its requests first. @param mostBytes of a message: of a longer one Connect reads no more */
export function scanned(handler: UniversalHandler, mostBytes: number): UniversalHandler {
  const plan = wirePlanOf(handler.method.input);
  const scan: typeof handler = ((request) => {
    clampDeadline(request.header);
    const { body } = request;
    if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return handler(request); // it is JSON
    const type = request.header.get('content-type') ?? '';
    const isJson = /json/i.test(type);
    if (!/^application\/(?:grpc|connect)/i.test(type)) return handler(isJson ? request : { ...request, body: scanWhole(body, plan) });
    const faults = new Faults();
    const contextValues = (request.contextValues ?? createContextValues()).set(FAULTS, faults);
    const frames = new Frames(isJson ? undefined : plan, faults, mostBytes);
    return handler({ ...request, contextValues, body: scanFrames(body, frames) });
  }) as UniversalHandler;
  return Object.assign(scan, handler);
}

async function* scanFrames(body: AsyncIterable<Uint8Array>, frames: Frames): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    const good = frames.push(piece);
    yield good === piece.length ? piece : piece.subarray(0, good);
    if (frames.why !== undefined) throw new ConnectError(frames.why, Code.InvalidArgument);
  }
}

/** Of a call whose body is its message. */
async function* scanWhole(body: AsyncIterable<Uint8Array>, plan: WirePlan): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) {
    pieces.push(piece);
    yield piece;
  }
  const why = wire.faultOf(plan, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
  if (why !== undefined) throw new ConnectError(why, Code.InvalidArgument);
}

/** Finds the messages of a stream of bytes, and looks at each. */
class Frames {
  readonly #plan: WirePlan | undefined;
  readonly #faults: Faults;
  readonly #mostBytes: number;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  /** of the message that comes: its bytes, those that are there, and where they are when they came in pieces */
  #length = 0;
  #have = 0;
  #held: Buffer | undefined;
  #isTooLong = false;
  /** what the call ends with */
  why: string | undefined;

  /** @param plan undefined: they are of another format than protobuf's */
  constructor(plan: WirePlan | undefined, faults: Faults, mostBytes: number) {
    this.#plan = plan;
    this.#faults = faults;
    this.#mostBytes = mostBytes;
  }

  /** Returns how many of the bytes may go on: all, or those ahead of the call's end. */
  push(piece: Uint8Array): number {
    for (let at = 0; at < piece.length && !this.#isTooLong; ) {
      if (this.#headBytes === 0 && piece[at] > COMPRESSED) this.why = 'the flags of a message are 0 or 1';
      if (this.why !== undefined) return at;
      if (this.#headBytes < HEAD_BYTES) {
        this.#head[this.#headBytes++] = piece[at++];
        if (this.#headBytes === HEAD_BYTES) this.#begin();
        continue;
      }
      const taken = this.#take(piece, at);
      if (this.why !== undefined) return at;
      at += taken;
    }
    return piece.length;
  }

  #begin(): void {
    this.#length = this.#head.readUInt32BE(1);
    this.#have = 0;
    if (this.#length > this.#mostBytes) this.#isTooLong = true;
    else if (this.#length === 0) this.#whole(this.#head, 0, 0);
  }

  #take(piece: Uint8Array, at: number): number {
    const here = Math.min(this.#length - this.#have, piece.length - at);
    if (here === this.#length) {
      this.#whole(piece, at, at + here);
      return here;
    }
    this.#held ??= Buffer.allocUnsafe(this.#length);
    this.#held.set(piece.subarray(at, at + here), this.#have);
    this.#have += here;
    if (this.#have === this.#length) this.#whole(this.#held, 0, this.#length);
    return here;
  }

  #whole(bytes: Uint8Array, from: number, to: number): void {
    const isPlain = this.#plan !== undefined && this.#head[0] !== COMPRESSED;
    const fault = isPlain ? wire.faultOf(this.#plan!, bytes, from, to) : undefined;
    if (fault !== undefined && wire.isBroken) this.why = fault;
    else this.#faults.add(fault);
    this.#headBytes = 0;
    this.#held = undefined;
  }
}

const faulty = new WeakMap<Message, string>();

/** Notes what is wrong with a message's bytes, for {@link assertSound}. */
export function noteFault(values: ContextValues, message: Message): void {
  const why = values.get(FAULTS)?.next();
  if (why !== undefined) faulty.set(message, why);
}

/** Throws ConnectError, invalid_argument, for a message whose bytes say something else than what was read from them. */
export function assertSound(message: Message): void {
  const why = faulty.get(message);
  if (why !== undefined) throw new ConnectError(why, Code.InvalidArgument);
}
