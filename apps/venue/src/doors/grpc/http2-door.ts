/** The HTTP/2 server of gRPC's port, with its limits on connections and calls. */
import fs from 'node:fs';
import http2, {
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Server } from 'node:net';
import type { ContextValues } from '@connectrpc/connect';
import { Connections, type Place } from '../../core/fairness/connections.ts';
import { listenAt, readLittle } from '../../core/fairness/listening.ts';
import { watchPieces } from '../../core/fairness/pieces.ts';
import { Slices } from '../../core/fairness/slices.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';
import { sourceOf } from '../../domain/addresses.ts';
import type { VenueConfig } from '../../domain/config.ts';
import { Browsers } from '../http/browsers.ts';
import { Door } from '../http/door.ts';
import { peerValues } from './peer.ts';
import { Waste } from './waste.ts';

/** Calls that a connection may have open, and before it has signed in. */
const MOST_CALLS = 100;
const MOST_CALLS_UNSIGNED = 20;
/** Milliseconds of a turn of the event loop for beginning calls: each costs more than all of its bytes. */
const TURN_MS = 1;
const HEAD_LIMIT = 16 * 1024;
/** Streams that a client may reset at once, and a second; frames that have no business where they come, and streams beyond MOST_CALLS. */
const MOST_RESETS = 2 * MOST_CALLS;
const MOST_INVALID = 100;
/** Bytes that the DATA frames of a call have at least, on average: the head of a message has 5, and what is read may end inside one. */
const LEAST_FRAME = 4;
/** Bytes that may wait for the reader of a connection, and for those of an address: of answers to calls that are not streams. */
const MOST_WAITING = 4 << 20;
const MOST_WAITING_AT_ADDRESS = 32 << 20;
/** Looks at what is late in the time that it has. */
const LOOKS = 5;

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;

/** A client's connection, with its calls. */
interface Peer {
  readonly number: number;
  /** whom it takes turns with: all of an address that have not signed in, or all that have, are one beside others */
  group: string;
  readonly session: ServerHttp2Session;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly calls: Set<Call>;
  readonly waste: Throttle;
  isSignedIn: boolean;
  /** by performance.now(): when it had its last call, when it last answered, when it was asked for a sign of life (0: it was not) */
  lastCall: number;
  lastHeard: number;
  asked: number;
}

interface Call {
  readonly stream: ServerHttp2Stream;
  place: Place;
  readonly since: number;
  /** its request has been read to the end, or is a stream of a login's, which may send as long as it likes */
  isWhole: boolean;
  /** is read for as long as its reader likes; who serves it sees to it that he reads */
  isStream: boolean;
  /** by performance.now(): since when something waits for its reader; 0: nothing does */
  waitsSince: number;
  /** its answer was given, but for trailers that may be on their way, when the door looked last */
  wasAnswered: boolean;
}

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/**
 * The HTTP/2 server of gRPC's own port. A connection that signs in no call and has none, a call that is not sent to its end, and a peer that
 * is asked for a sign of life and gives none, end in their time; connections, calls of one, and calls that are half sent have their limits.
 */
export class Http2Door {
  readonly #config: VenueConfig;
  readonly #door: Door;
  /** places of calls, and of those that watch without a login: these keep no trader's call out */
  readonly #calls: Connections;
  readonly #watches: Connections;
  readonly #waste = new Waste();
  readonly #slices = new Slices(TURN_MS);
  readonly #browsers: Browsers;
  readonly #peers = new Map<ServerHttp2Session, Peer>();
  readonly #byStream = new WeakMap<ServerHttp2Stream, Call>();
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connected = 0;

  constructor(config: VenueConfig) {
    this.#config = config;
    this.#door = new Door(config.connections);
    this.#calls = new Connections(config.connections);
    this.#watches = new Connections(config.connections);
    this.#browsers = new Browsers(config);
  }

  get connectionCount(): number {
    return this.#door.count;
  }

  get callCount(): number {
    return this.#calls.count + this.#watches.count;
  }

  /** Resolves with the port. Rejects when it is taken. */
  async listen(handler: Handler, port: number): Promise<number> {
    const { tls, host, connections } = this.#config;
    const options = {
      settings: { maxConcurrentStreams: MOST_CALLS_UNSIGNED, maxHeaderListSize: HEAD_LIMIT },
      maxSessionInvalidFrames: MOST_INVALID,
      maxSessionRejectedStreams: MOST_INVALID,
      streamResetBurst: MOST_RESETS,
      streamResetRate: MOST_RESETS,
    };
    const server =
      tls === undefined
        ? http2.createServer(options)
        : http2.createSecureServer({
            ...options,
            cert: fs.readFileSync(tls.cert),
            key: fs.readFileSync(tls.key),
            handshakeTimeout: connections.loginMs,
          });
    this.#server = server;
    this.#door.guard(server);
    // Streams, not requests: these would be made for a stream that is reset already, too.
    server.on('stream', (stream, headers, _flags, rawHeaders) => this.#handle(handler, stream as ServerHttp2Stream, headers, rawHeaders));
    server.on('session', (session) => this.#enter(session));
    const listening = await listenAt(server, host, port);
    readLittle(server);
    this.#timer = setInterval(() => this.#look(), Math.ceil(Math.min(connections.loginMs, connections.idleMs) / LOOKS));
    return listening;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#server?.close();
    for (const session of this.#peers.keys()) session.destroy();
  }

  /** Who is at the other end of a call. */
  valuesOf({ stream }: Http2ServerRequest): ContextValues {
    const peer = stream.session && this.#peers.get(stream.session as ServerHttp2Session);
    return peerValues({
      address: peer?.remoteAddress ?? '',
      hasSlice: true,
      signedIn: () => this.#signedIn(peer),
      mayBeSilent: () => this.#streams(this.#byStream.get(stream)),
      mayWatch: () => this.#mayWatch(this.#byStream.get(stream), peer?.remoteAddress ?? ''),
      cut: () => stream.close(NGHTTP2_CANCEL),
    });
  }

  #enter(session: ServerHttp2Session): void {
    const now = performance.now();
    const { remoteAddress = '', remotePort = 0 } = session.socket;
    const peer: Peer = {
      number: this.#connected++,
      group: sourceOf(remoteAddress),
      session,
      remoteAddress,
      remotePort,
      calls: new Set(),
      waste: this.#waste.ofConnection(),
      isSignedIn: false,
      lastCall: now,
      lastHeard: now,
      asked: 0,
    };
    this.#peers.set(session, peer);
    session.on('close', () => this.#peers.delete(session));
    session.on('error', () => undefined); // its streams have said it
  }

  #handle(handler: Handler, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    stream.on('error', () => undefined); // its end says it
    const peer = stream.session && this.#peers.get(stream.session as ServerHttp2Session);
    if (peer === undefined) return stream.close(NGHTTP2_REFUSED_STREAM);
    if (stream.closed || stream.destroyed) return this.#wasted(peer);
    if (waitingFor(peer) > MOST_WAITING) {
      stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
      return this.#wasted(peer);
    }
    const place = this.#calls.enter(peer.remoteAddress, () => stream.close(NGHTTP2_CANCEL));
    if (place === undefined) {
      stream.close(NGHTTP2_REFUSED_STREAM);
      return this.#wasted(peer);
    }
    this.#begin(peer, stream, place);
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
    const response = new Http2ServerResponse(stream);
    const { origin } = request.headers;
    if (origin !== undefined && this.#browsers.refusal({ origin, host: request.authority }, false) !== undefined) {
      response.writeHead(403).end();
      return;
    }
    const turn = this.#slices.take(peer.number, peer.group);
    if (turn === undefined) handler(request, response);
    else turn.then(() => stream.destroyed || handler(request, response));
  }

  #begin(peer: Peer, stream: ServerHttp2Stream, place: Place): void {
    const call: Call = { stream, place, since: performance.now(), isWhole: false, isStream: false, waitsSince: 0, wasAnswered: false };
    peer.calls.add(call);
    this.#byStream.set(stream, call);
    watchPieces(stream, LEAST_FRAME, () => peer.session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM));
    const whole = () => this.#whole(call);
    if (stream.endAfterHeaders) whole();
    else stream.once('end', whole);
    stream.once('close', () => {
      call.place.leave();
      peer.calls.delete(call);
      peer.lastCall = performance.now();
      if (stream.rstCode !== NGHTTP2_NO_ERROR) this.#wasted(peer);
    });
  }

  /** A stream came to nothing. Ends the connection of somebody who makes too many such. */
  #wasted(peer: Peer): void {
    const { session } = peer;
    if (session.closed || session.destroyed) return; // they end with it
    if (this.#waste.add(peer.waste, peer.isSignedIn ? undefined : peer.remoteAddress))
      session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #whole(call: Call | undefined): void {
    if (call === undefined) return;
    call.isWhole = true;
    call.place.stays();
  }

  /** Moves a call among those that watch. Returns whether there was a place. */
  #mayWatch(call: Call | undefined, address: string): boolean {
    if (call === undefined || call.stream.closed) return false;
    const place = this.#watches.enter(address, () => call.stream.close(NGHTTP2_CANCEL));
    if (place === undefined) return false;
    call.place.leave();
    call.place = place;
    this.#streams(call);
    return true;
  }

  #streams(call: Call | undefined): void {
    if (call === undefined) return;
    call.isStream = true;
    this.#whole(call);
  }

  #signedIn(peer: Peer | undefined): void {
    if (peer === undefined || peer.isSignedIn) return;
    peer.isSignedIn = true;
    peer.group = `signed in ${peer.group}`;
    peer.session.settings({ maxConcurrentStreams: MOST_CALLS });
    this.#door.signedIn(peer);
  }

  #look(): void {
    const now = performance.now();
    const waiting = new Map<string, number>();
    for (const peer of this.#peers.values()) {
      const source = sourceOf(peer.remoteAddress);
      const bytes = (waiting.get(source) ?? 0) + waitingFor(peer);
      waiting.set(source, bytes);
      if (bytes > MOST_WAITING_AT_ADDRESS) this.#door.cut(peer);
      else this.#lookAt(peer, now);
    }
  }

  #lookAt(peer: Peer, now: number): void {
    const { loginMs, idleMs } = this.#config.connections;
    if (peer.session.destroyed) return this.#door.cut(peer); // its last words wait for a reader
    for (const call of peer.calls) {
      const { stream, isWhole, since } = call;
      if (call.isStream || stream.writableLength === 0) call.waitsSince = 0;
      else call.waitsSince ||= now;
      // One that was answered before its request was there would stay half open for as long as the client likes.
      if (call.wasAnswered) stream.close(NGHTTP2_NO_ERROR);
      else if (!isWhole && now - since > loginMs && !stream.state.remoteClose) stream.close(NGHTTP2_CANCEL);
      else if (call.waitsSince > 0 && now - call.waitsSince > loginMs) stream.close(NGHTTP2_CANCEL);
      call.wasAnswered = stream.writableFinished;
    }
    const isIdle = peer.calls.size === 0 && now - peer.lastCall > loginMs;
    const isDead = peer.asked > 0 && now - peer.asked > idleMs / 2;
    // One that was closed at the last look, and whose other end has not closed it since, is not waited for.
    if (isDead || peer.session.closed) return this.#door.cut(peer);
    if (isIdle && !peer.isSignedIn) return peer.session.close();
    if (peer.asked > 0 || now - peer.lastHeard < idleMs / 2) return;
    peer.asked = now;
    peer.session.ping((error) => {
      if (error !== null) return; // it is closed
      peer.asked = 0;
      peer.lastHeard = performance.now();
    });
  }
}

/** Bytes of answers that wait for the reader of a connection. */
function waitingFor({ calls }: Peer): number {
  let bytes = 0;
  for (const { stream, isStream } of calls) if (!isStream) bytes += stream.writableLength;
  return bytes;
}
