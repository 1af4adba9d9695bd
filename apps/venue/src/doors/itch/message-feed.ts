/** Numbers market data messages, sends them by multicast, and answers requests for them. */
import dgram from 'node:dgram';
import { reserve } from '@outcry/memory/span';
import { HISTOGRAM_BYTES, Histogram } from '@outcry/telemetry/histogram';
import { WIRE_ERROR } from '@outcry/wire/layout';
import { END_OF_SESSION, MOLD_HEAD, MoldPacker, MoldReader, sessionBytes } from '@outcry/wire/mold';

/** Bytes of messages that are kept for those who ask again; who missed more takes a snapshot. A power of two. */
const KEPT_BYTES = 1 << 26;
const MASK = KEPT_BYTES - 1;
/** Places of messages that are kept. A power of two. */
const KEPT_MESSAGES = 1 << 21;
const HEARTBEAT_MS = 1000;
/** Requests answered in a tenth of a second, in all and of one address: more are dropped, and asked for again. */
const MOST_REQUESTS = 1000;
const MOST_OF_ADDRESS = 200;
const REQUESTS_MS = 100;
/** Bytes that may wait in a socket whose network does not take them: what comes then is lost, as datagrams are. */
const MOST_WAITING = 4 * 1024 * 1024;
const MULTICAST_TTL = 16;

interface Line {
  group: string;
  port: number;
}

interface FeedOptions {
  session: string;
  /** where datagrams go: the same on each line */
  lines: readonly Line[];
  /** address of the interface that they leave by, and that requests come in by */
  host: string;
  /** UDP port for requests, 0: any free one */
  requestPort: number;
}

/**
 * Numbers messages, packs them into MoldUDP64 datagrams, sends these on every line, and answers who asks for messages again. A message is
 * sent at the next `flush`, or before when the datagram is full.
 */
export class MessageFeed {
  /** number of the next message */
  next = 1;
  sent = 0;
  droppedRequests = 0;
  /** microseconds since 1970 at which the first trade in the datagram was entered, 0: there is none in it */
  tradeTime = 0;
  /** from there to the datagram being given to the system, in nanoseconds */
  readonly latencySpan = reserve(HISTOGRAM_BYTES);
  readonly #latency = new Histogram(this.latencySpan);
  readonly #options: FeedOptions;
  readonly #packer: MoldPacker;
  readonly #answer: MoldPacker;
  readonly #sender: dgram.Socket;
  readonly #requests: dgram.Socket;
  readonly #reader = new MoldReader();
  readonly #session: Uint8Array;
  /** messages behind each other, around the end; by number: where they begin, and how long they are */
  readonly #kept = new Uint8Array(KEPT_BYTES);
  readonly #begins = new Float64Array(KEPT_MESSAGES);
  readonly #lengths = new Uint8Array(KEPT_MESSAGES);
  #written = 0;
  #hasSent = false;
  /** requests of this tenth of a second, in all and by address */
  #answered = 0;
  readonly #answeredOf = new Map<string, number>();
  readonly #beating: NodeJS.Timeout;

  private constructor(options: FeedOptions, sender: dgram.Socket, requests: dgram.Socket) {
    this.#options = options;
    this.#packer = new MoldPacker(options.session);
    this.#answer = new MoldPacker(options.session);
    this.#session = sessionBytes(options.session);
    this.#sender = sender;
    this.#requests = requests;
    requests.on('message', (bytes, from) => this.#request(bytes, from));
    for (const socket of [sender, requests]) socket.on('error', () => undefined); // a datagram that cannot be sent is a lost one
    this.#beating = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Rejects when the port for requests is taken, or an address is no multicast group. */
  static async open(options: FeedOptions): Promise<MessageFeed> {
    const sender = dgram.createSocket('udp4');
    const requests = dgram.createSocket('udp4');
    const bind = (socket: dgram.Socket, port: number) =>
      new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(port, options.host, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    await bind(sender, 0);
    await bind(requests, options.requestPort);
    sender.setMulticastInterface(options.host);
    sender.setMulticastLoopback(true);
    sender.setMulticastTTL(MULTICAST_TTL);
    sender.setSendBufferSize(4 * 1024 * 1024);
    return new MessageFeed(options, sender, requests);
  }

  get requestPort(): number {
    return this.#requests.address().port;
  }

  get session(): string {
    return this.#options.session;
  }

  /** Where the next message goes. */
  readonly view = new DataView(new ArrayBuffer(64));

  /** Takes the message that was written at the beginning of `view`. */
  push(bytes: number): void {
    const { view } = this;
    const to = this.#packer.claim(bytes);
    if (to < 0) {
      this.flush();
      this.push(bytes);
      return;
    }
    const place = this.next & (KEPT_MESSAGES - 1);
    this.#begins[place] = this.#written;
    this.#lengths[place] = bytes;
    for (let i = 0; i < bytes; i++) {
      const byte = view.getUint8(i);
      this.#packer.bytes[to + i] = byte;
      this.#kept[(this.#written + i) & MASK] = byte;
    }
    this.#written += bytes;
    this.next++;
  }

  /** Sends what is packed. */
  flush(): void {
    const { count } = this.#packer;
    if (count === 0) return;
    this.#send(this.#packer.seal(this.next - count));
    this.#packer.clear();
  }

  /** Tells that the session is over: nothing more comes. */
  endSession(): void {
    this.flush();
    for (let i = 0; i < 3; i++) this.#send(this.#packer.seal(this.next, END_OF_SESSION));
  }

  close(): void {
    clearInterval(this.#beating);
    this.#sender.close();
    this.#requests.close();
  }

  #send(bytes: number): void {
    const datagram = Buffer.from(this.#packer.bytes.subarray(0, bytes));
    if (this.#sender.getSendQueueSize() < MOST_WAITING)
      for (const { group, port } of this.#options.lines) this.#sender.send(datagram, port, group, ignore);
    this.sent++;
    this.#hasSent = true;
    if (this.tradeTime === 0) return;
    this.#latency.record((performance.timeOrigin + performance.now()) * 1e6 - this.tradeTime * 1000);
    this.tradeTime = 0;
  }

  #beat(): void {
    if (!this.#hasSent) this.#send(this.#packer.seal(this.next, 0));
    this.#hasSent = false;
  }

  /** Answers with one datagram: as many of the messages wanted as it holds. Bounded work, and no more bytes than one datagram a request. */
  #request(bytes: Buffer, from: dgram.RemoteInfo): void {
    const reader = this.#reader;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // A request is a head that counts messages and has none: that much is wrong with it as a datagram.
    const error = reader.open(view, 0, bytes.length);
    const isHead = bytes.length === MOLD_HEAD && (error === 0 || error === WIRE_ERROR.TRUNCATED);
    if (!isHead || !reader.isOf(this.#session)) return;
    if (from.port === 0) {
      this.droppedRequests++; // nobody can be answered there
      return;
    }
    const last = Math.min(reader.first + reader.count, this.next - this.#packer.count);
    if (!this.#mayAsk(from.address) || reader.first < this.#oldestNear(reader.first) || reader.first >= last) {
      this.droppedRequests++;
      return;
    }
    const answer = this.#answer;
    answer.clear();
    for (let number = reader.first; number < last; number++) {
      const place = number & (KEPT_MESSAGES - 1);
      const length = this.#lengths[place];
      const to = answer.claim(length);
      if (to < 0) break;
      for (let i = 0; i < length; i++) answer.bytes[to + i] = this.#kept[(this.#begins[place] + i) & MASK];
    }
    this.#answerTo(from, Buffer.from(answer.bytes.subarray(0, answer.seal(reader.first))));
  }

  /** One request costs no more than its answer, whatever the system says to where that should go. */
  #answerTo({ port, address }: dgram.RemoteInfo, datagram: Buffer): void {
    try {
      this.#requests.send(datagram, port, address, ignore);
    } catch {
      this.droppedRequests++;
    }
  }

  /** A bound on the oldest message kept that is exact around a number. */
  #oldestNear(number: number): number {
    if (number < Math.max(1, this.next - KEPT_MESSAGES)) return number + 1;
    return this.#written - this.#begins[number & (KEPT_MESSAGES - 1)] > KEPT_BYTES ? number + 1 : number;
  }

  /** Whether one more request of an address is answered now: whoever asks without end takes his share, and no one else's. */
  #mayAsk(address: string): boolean {
    if (this.#answered === 0) setTimeout(() => this.#forgetRequests(), REQUESTS_MS).unref();
    const own = this.#answeredOf.get(address) ?? 0;
    if (this.#answered >= MOST_REQUESTS || own >= MOST_OF_ADDRESS) return false;
    this.#answered++;
    this.#answeredOf.set(address, own + 1);
    return this.#requests.getSendQueueSize() < MOST_WAITING;
  }

  #forgetRequests(): void {
    this.#answered = 0;
    this.#answeredOf.clear();
  }
}

const ignore = () => undefined;
