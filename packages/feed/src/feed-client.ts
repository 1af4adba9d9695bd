/** A client of multicast market data: lines, recovery and books together. */
import dgram from 'node:dgram';
import net from 'node:net';
import { reserve, type Span, within } from '@outcry/memory/span';
import { HISTOGRAM_BYTES, Histogram } from '@outcry/telemetry/histogram';
import { endOfSnapshot, glimpse } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { MOLD_HEAD, writeMoldHead } from '@outcry/wire/mold';
import { beginPacket, HEARTBEAT_MS, readNumber, SILENCE_MS, SOUP, SOUP_HEAD, SoupFramer, writeLogin } from '@outcry/wire/soup';
import { ItchBook } from './itch-book.ts';
import { type ArbiterOptions, LineArbiter } from './line-arbiter.ts';

export interface FeedClientOptions {
  /** groups and ports of the lines */
  lines: readonly { group: string; port: number }[];
  /** address of the interface that they come in by */
  host: string;
  session?: string;
  /** where messages are asked for again */
  requests?: { host: string; port: number };
  /** where snapshots are */
  glimpse?: { host: string; port: number; user: string; password: string };
  arbiter?: Partial<ArbiterOptions>;
  /** begin with a snapshot, for a session that has been going on */
  late?: boolean;
  /** takes each message after the book has: what a reader publishes from here */
  onMessage?(view: DataView, at: number, bytes: number, sequence: number): void;
  /** lets a datagram be lost, or delayed: for tests. Returns whether it is taken. */
  fault?(line: number, take: () => void): boolean;
}

/** Stages whose time is kept: a datagram's way from the socket to whoever reads the book. */
export const STAGES = ['receive', 'decode', 'book', 'publish'] as const;
export type Stage = (typeof STAGES)[number];
export const STAGE_BYTES = HISTOGRAM_BYTES * STAGES.length;

const TICK_MS = 2;
const RECEIVE_BUFFER = 8 * 1024 * 1024;
const RETRY_MS = 500;
const HEARTBEAT = new Uint8Array(SOUP_HEAD);
beginPacket(viewOf(HEARTBEAT), 0, SOUP.CLIENT_HEARTBEAT, 0);

/**
 * Follows an ITCH feed over MoldUDP64: sockets on all lines, one stream out of them, gaps filled by requests and then by a snapshot, and the
 * book of every instrument. Latencies of its stages are kept in shared memory, in nanoseconds: `receive` from one datagram of a burst to the
 * next (how long it lay in the socket's queue), `decode` the arbiter's work, `book` the book's, `publish` the reader's, each a datagram.
 */
export class FeedClient {
  readonly book = new ItchBook();
  readonly arbiter: LineArbiter;
  readonly latencies: Record<Stage, Histogram>;
  readonly span: Span;
  readonly #options: FeedClientOptions;
  readonly #sockets: dgram.Socket[] = [];
  #requester: dgram.Socket | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #snapshot: net.Socket | undefined;
  #bookNs = 0;
  #publishNs = 0;
  #turnBegan = 0;
  #isClosed = false;
  /** where the feed ends, once that was told */
  isOver = false;

  private constructor(options: FeedClientOptions) {
    this.#options = options;
    this.span = reserve(STAGE_BYTES);
    const histogram = (i: number) => new Histogram(within(this.span, i * HISTOGRAM_BYTES, HISTOGRAM_BYTES));
    this.latencies = { receive: histogram(0), decode: histogram(1), book: histogram(2), publish: histogram(3) };
    this.arbiter = new LineArbiter(
      {
        onMessage: (view, at, bytes, sequence) => this.#take(view, at, bytes, sequence),
        request: (first, count) => this.#request(first, count),
        needSnapshot: () => queueMicrotask(() => this.#takeSnapshot()),
        onEndOfSession: () => {
          this.isOver = true;
        },
      },
      options.session,
      options.late ? 0 : 1,
      options.arbiter,
    );
  }

  /** Joins the groups. Rejects when that cannot be done. */
  static async open(options: FeedClientOptions): Promise<FeedClient> {
    const client = new FeedClient(options);
    for (const [line, { group, port }] of options.lines.entries()) {
      const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
      client.#sockets.push(socket);
      socket.on('message', (datagram) => client.#receive(line, datagram));
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        // Bound to the group's address, where the system can: datagrams of other groups on the same port stay out.
        socket.bind(port, group, resolve);
      });
      socket.addMembership(group, options.host);
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    }
    if (options.requests !== undefined) {
      client.#requester = dgram.createSocket('udp4');
      client.#requester.on('message', (datagram) => client.#receive(-1, datagram));
      client.#requester.on('error', () => undefined); // asked again
      await new Promise<void>((resolve) => client.#requester!.bind(0, options.host, resolve));
    }
    client.#ticking = setInterval(() => client.arbiter.tick(performance.now()), TICK_MS);
    return client;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ticking);
    this.#snapshot?.destroy();
    for (const socket of [...this.#sockets, this.#requester]) socket?.close();
  }

  #receive(line: number, datagram: Buffer): void {
    const take = () => this.#process(datagram);
    if (this.#options.fault !== undefined && line >= 0 && !this.#options.fault(line, take)) return;
    take();
  }

  #process(datagram: Buffer): void {
    const begin = performance.now();
    if (this.#turnBegan === 0) {
      this.#turnBegan = begin;
      setImmediate(() => {
        this.#turnBegan = 0;
      });
    }
    this.#bookNs = 0;
    this.#publishNs = 0;
    this.arbiter.take(viewOf(datagram), 0, datagram.length, begin);
    const all = (performance.now() - begin) * 1e6;
    this.latencies.receive.record((begin - this.#turnBegan) * 1e6);
    this.latencies.decode.record(all - this.#bookNs - this.#publishNs);
    if (this.#bookNs === 0) return; // nothing new
    this.latencies.book.record(this.#bookNs);
    this.latencies.publish.record(this.#publishNs);
  }

  #take(view: DataView, at: number, bytes: number, sequence: number): void {
    if (glimpse.check(view, at, bytes) < 0) {
      this.arbiter.counts.malformed++;
      return;
    }
    const begin = performance.now();
    this.book.apply(view, at);
    const booked = performance.now();
    this.#bookNs += (booked - begin) * 1e6;
    if (this.#options.onMessage === undefined) return;
    this.#options.onMessage(view, at, bytes, sequence);
    this.#publishNs += (performance.now() - booked) * 1e6;
  }

  #request(first: number, count: number): void {
    const { requests, session } = this.#options;
    if (requests === undefined || this.#requester === undefined) return;
    const bytes = Buffer.alloc(MOLD_HEAD);
    writeMoldHead(viewOf(bytes), 0, session ?? '', first, count);
    this.#requester.send(bytes, requests.port, requests.host, () => undefined);
  }

  /** Takes the book anew from GLIMPSE; tries again until it is had. */
  #takeSnapshot(): void {
    const { glimpse: where } = this.#options;
    if (where === undefined || this.#isClosed || this.#snapshot !== undefined) return;
    const socket = net.connect(where.port, where.host);
    const framer = new SoupFramer(256);
    this.#snapshot = socket;
    this.book.clear();
    const login = new Uint8Array(64);
    const { user, password } = where;
    socket.write(login.subarray(0, writeLogin(viewOf(login), 0, { user, password, session: '', sequence: 1 })));
    // A snapshot may have to wait for its turn: meanwhile both sides say that they are there.
    let heardAt = performance.now();
    const beating = setInterval(() => {
      if (performance.now() - heardAt > SILENCE_MS) socket.destroy();
      else socket.write(HEARTBEAT);
    }, HEARTBEAT_MS);
    let next = 0;
    socket.on('data', (piece: Buffer) => {
      heardAt = performance.now();
      framer.push(piece);
      while (next === 0 && framer.next()) {
        if (framer.type !== SOUP.SEQUENCED || glimpse.check(framer.view, framer.at, framer.bytes) < 0) continue;
        if (framer.view.getUint8(framer.at) === endOfSnapshot.type) next = readNumber(framer.view, framer.at + endOfSnapshot.at.sequence);
        else this.book.apply(framer.view, framer.at);
      }
      if (next !== 0 || framer.isBroken) socket.destroy();
    });
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      clearInterval(beating);
      this.#snapshot = undefined;
      if (next > 0) this.arbiter.resume(next, performance.now());
      else if (!this.#isClosed) setTimeout(() => this.#takeSnapshot(), RETRY_MS);
    });
  }
}
