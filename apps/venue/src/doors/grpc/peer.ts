/** What a gRPC call knows of its other end. */
import { type ContextValues, createContextKey, createContextValues, type HandlerContext } from '@connectrpc/connect';
import type { SignedIn } from '../../core/accounts/log-ins.ts';

/** Who is at the other end of a call. */
interface Peer {
  readonly address: string;
  /** its calls have begun in a slice of their connection's */
  readonly hasSlice: boolean;
  /** A call of its connection was signed in. */
  signedIn(): void;
  /** The call is a stream of a login: it may be silent for as long as it likes. */
  mayBeSilent(): void;
  /** The call is a stream that anybody may read, for as long as he likes: among those. False: they are as many as there may be. */
  mayWatch(): boolean;
  /** Ends the call without waiting for the peer, which does not read. */
  cut(): void;
}

const nothing = () => undefined;
const NOBODY: Peer = { address: '', hasSlice: false, signedIn: nothing, mayBeSilent: nothing, mayWatch: () => true, cut: nothing };

export const PEER = createContextKey<Peer>(NOBODY, { description: 'the other end' });
/** Set by the gate for calls that need a login. */
export const LOGIN = createContextKey<SignedIn | undefined>(undefined, { description: 'the login of the call' });
/** Set by the gate for calls of administrators: who it is. */
export const ADMINISTRATOR = createContextKey<string | undefined>(undefined, { description: 'who administers' });

export function peerValues(peer: Peer): ContextValues {
  return createContextValues().set(PEER, peer);
}

/** Milliseconds that a stream which ended, for its reader does not read, may take to say so. */
const LAST_WORDS_MS = 5000;

/** Cuts a call off that has been ended, in case that its peer does not read the end. */
export function endSlowly(context: HandlerContext): void {
  const peer = context.values.get(PEER);
  const timer = setTimeout(() => peer.cut(), LAST_WORDS_MS).unref();
  onceOver(context.signal, () => clearTimeout(timer));
}

/**
 * Lets go of what a call holds once it is over: done, cancelled, or past its deadline. A stream's generator is no place for that: it stays
 * where it is for good when its reader has gone while something was being written.
 */
export function onceOver(signal: AbortSignal, letGo: () => void): void {
  if (signal.aborted) letGo();
  else signal.addEventListener('abort', letGo, { once: true });
}
