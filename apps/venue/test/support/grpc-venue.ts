import assert from 'node:assert/strict';
import fs from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { temporaryDirectory, VenueProcess } from './process.ts';
import { WIDE_INSTRUMENTS } from './wide-market.ts';

/** A venue with a gRPC port, its calls, and what it says of itself. */
export class GrpcVenue {
  readonly process: VenueProcess;
  readonly port: number;
  readonly #folder: string;
  readonly #clients: grpc.Client[] = [];

  private constructor(process: VenueProcess, port: number, folder: string) {
    this.process = process;
    this.port = port;
    this.#folder = folder;
  }

  /** @param config beside the port */
  static async start(name: string, config: object = {}): Promise<GrpcVenue> {
    const folder = temporaryDirectory(name);
    const file = path.join(folder, 'config.json');
    fs.writeFileSync(file, JSON.stringify({ grpc: { port: 0 }, instruments: WIDE_INSTRUMENTS, ...config }));
    const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', file);
    const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { grpc: number } };
    return new GrpcVenue(venue, ports.grpc, folder);
  }

  get url(): string {
    return this.process.url;
  }

  get adminToken(): string {
    return fs.readFileSync(path.join(this.process.data, 'admin.token'), 'utf8');
  }

  /** What is open, by name. */
  async openCounts(): Promise<Record<string, number>> {
    return ((await (await VenueProcess.fetch(`${this.url}/outcry/v1/status`)).json()) as { open: Record<string, number> }).open;
  }

  /** Waits until what is open is as it should be. */
  async untilOpen(holds: (open: Record<string, number>) => boolean, milliseconds = 60_000): Promise<void> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const counts = await this.openCounts();
      if (holds(counts)) return;
      assert.ok(performance.now() < deadline, JSON.stringify(counts));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resident memory, MB. */
  memory(): number {
    const status = fs.readFileSync(`/proc/${this.process.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
  }

  client(): grpc.Client {
    const client = new grpc.Client(`127.0.0.1:${this.port}`, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    this.#clients.push(client);
    return client;
  }

  /** A unary call with bytes as they are. */
  callBytes(method: DescMethod, bytes: Uint8Array, metadata = new grpc.Metadata(), client = this.client()): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Buffer, Buffer>(
        pathOf(method),
        (b) => b,
        (b) => b,
        Buffer.from(bytes),
        metadata,
        (error, answer) => (error === null ? resolve(answer!) : reject(error)),
      );
    });
  }

  async call<I extends DescMessage>(method: DescMethod & { input: I }, request: MessageShape<I>, metadata?: grpc.Metadata): Promise<any> {
    return fromBinary(method.output, await this.callBytes(method, toBinary(method.input, request), metadata));
  }

  /** A stream in both directions. */
  bidi<I extends DescMessage, O extends DescMessage>(
    method: DescMethod & { input: I; output: O },
    metadata = new grpc.Metadata(),
    options = {},
  ) {
    return this.client().makeBidiStreamRequest<MessageShape<I>, MessageShape<O>>(
      pathOf(method),
      (message) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      metadata,
      options,
    );
  }

  stream<I extends DescMessage, O extends DescMessage>(method: DescMethod & { input: I; output: O }, request: MessageShape<I>) {
    return this.client().makeServerStreamRequest<MessageShape<I>, MessageShape<O>>(
      pathOf(method),
      (message) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      request,
    );
  }

  /** A bare HTTP/2 connection. @param from local address */
  connect(from = '127.0.0.1'): http2.ClientHttp2Session {
    const session = http2.connect(`http://127.0.0.1:${this.port}`, {
      createConnection: () => net.connect({ port: this.port, host: '127.0.0.1', localAddress: from }),
    });
    session.on('error', () => undefined);
    return session;
  }

  /** Closes the connections of all calls so far. */
  closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  async close(): Promise<void> {
    this.closeClients();
    await this.process.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Of a login of the demo: ALICE, BOB. */
export function credentials(user: string, password = `${user}pass`): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', basic(user, password));
  return metadata;
}

export function basic(user: string, password = `${user}pass`): string {
  return `Basic ${Buffer.from(`${user.toUpperCase()}:${password}`).toString('base64')}`;
}

/** Begins a call by hand. Never fails: what comes of it is in its events. */
export function begin(session: http2.ClientHttp2Session, path: string, headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
  stream.on('error', () => undefined);
  return stream;
}

/** The status of a call that was begun by hand with a whole message, and its text. */
export async function statusOf(stream: http2.ClientHttp2Stream, message: Uint8Array = new Uint8Array()): Promise<string> {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return await new Promise((resolve) => {
    const take = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('close', () => resolve(`closed ${stream.rstCode}`));
    stream.resume();
    stream.end(Buffer.concat([head, message]));
  });
}
