/** Clients of gRPC's port that send what costs the venue much and themselves little, by frames that no library would send. */
import assert from 'node:assert/strict';
import http2, { type Http2ServerResponse } from 'node:http2';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { LogIns } from '../src/core/accounts/log-ins.ts';
import type { Services } from '../src/core/services.ts';
import { DEFAULTS } from '../src/domain/config.ts';
import { Gate } from '../src/doors/grpc/gate.ts';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { Http2Door } from '../src/doors/grpc/http2-door.ts';
import { peerValues } from '../src/doors/grpc/peer.ts';
import { basic, begin, credentials, GrpcVenue, pathOf, statusOf } from './support/grpc-venue.ts';
import { endAfterTests } from './support/left-open.ts';
import { until } from './support/until.ts';

const { listOpenOrders, entry } = pb.Trading.method;
const { getBook } = pb.MarketData.method;
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const list = toBinary(pb.ListOpenOrdersRequestSchema, create(pb.ListOpenOrdersRequestSchema));

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const END_HEADERS = 4;
const CANCEL = Buffer.from([0, 0, 0, 8]);
const INITIAL_WINDOW_0 = Buffer.from([0, 4, 0, 0, 0, 0]);
const INITIAL_WINDOW_MOST = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function literal(name: string, value: string): Buffer {
  const texts = [name, value].flatMap((text) => [Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0]), ...texts]);
}

function call(stream: number, path: string, headers: Record<string, string> = {}): Buffer {
  const all = { ':path': path, ':authority': 'localhost', 'content-type': 'application/grpc', te: 'trailers', ...headers };
  const fields = Object.entries(all).map(([name, value]) => literal(name, value));
  return frame(HEADERS, END_HEADERS, stream, Buffer.concat([Buffer.from([0x83, 0x86]), ...fields]));
}

/** Calls that are reset as soon as they are made. */
function resetting(ids: number[]): Buffer {
  return Buffer.concat(ids.map((id) => Buffer.concat([call(id, pathOf(getBook)), frame(RST_STREAM, 0, id, CANCEL)])));
}

/** Numbers of a connection's streams. */
function streams(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + 2 * i);
}

/** A connection that sends frames, and reads what comes. */
function connect(venue: { port: number }, settings: Uint8Array = new Uint8Array(), from = '127.0.0.1'): net.Socket {
  const socket = net.connect({ port: venue.port, host: '127.0.0.1', localAddress: from }).on('error', () => undefined);
  endAfterTests(() => socket.destroy());
  socket.resume();
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, settings)]));
  return socket;
}

async function untilClosed(socket: net.Socket, what: string): Promise<void> {
  await until(
    () => socket.destroyed,
    () => `the end of a connection that ${what}`,
  );
}

describe("streams that come to nothing at gRPC's port", () => {
  let venue: GrpcVenue;
  before(async () => {
    // no time to sign in that would end it
    venue = await GrpcVenue.start('grpc-waste', { connections: { loginMs: 120_000 } });
  });
  after(() => venue.close());

  it('end the connection that opens and resets them, and hold up no trader', async () => {
    const trader = venue.connect();
    const ask = () => statusOf(begin(trader, pathOf(listOpenOrders), { authorization: basic('alice') }), list);
    assert.equal(await ask(), '0');
    const socket = connect(venue);
    socket.write(resetting(streams(600)));
    await untilClosed(socket, 'resets its streams');
    assert.equal(await ask(), '0');
    trader.close();
  });

  it('also when it has the venue reset them', async () => {
    const socket = connect(venue, undefined, '127.0.0.2');
    const nothing = Buffer.alloc(4); // a window that grows by nothing is an error of its stream
    socket.write(Buffer.concat(streams(600).map((id) => Buffer.concat([call(id, pathOf(getBook)), frame(WINDOW_UPDATE, 0, id, nothing)]))));
    await untilClosed(socket, 'has its streams reset');
  });

  it('also when it reads nothing, and so is not there to be told', async () => {
    const connections = { ...DEFAULTS.connections, loginMs: 120_000, idleMs: 2000 };
    const door = new Http2Door({ ...DEFAULTS, assets: [], instruments: [], connections });
    const port = await door.listen((_request, response) => response.end(Buffer.alloc(16 << 20)), 0);
    after(() => door.close());
    const socket = connect({ port }, INITIAL_WINDOW_MOST);
    socket.pause();
    socket.write(Buffer.concat([frame(WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0, 0, 0])), call(1, '/'), resetting(streams(600).slice(1))]));
    await until(
      () => door.connectionCount === 1,
      () => 'the connection',
    );
    await until(
      () => door.connectionCount === 0,
      () => 'the end of a connection that does not read',
    );
  });

  it('a client may cancel as many calls as it may have open', async () => {
    const session = venue.connect('127.0.0.3');
    const raised = new Promise((resolve) =>
      session.on('remoteSettings', ({ maxConcurrentStreams }) => maxConcurrentStreams === 100 && resolve(true)),
    );
    assert.equal(await statusOf(begin(session, pathOf(listOpenOrders), { authorization: basic('alice') }), list), '0');
    await raised;
    const calls = Array.from({ length: 100 }, () => begin(session, pathOf(getBook)));
    await new Promise((resolve) => session.ping(resolve));
    for (const each of calls) each.close(8);
    await venue.untilOpen(({ grpcCalls }) => grpcCalls === 0);
    assert.equal(await statusOf(begin(session, pathOf(listOpenOrders), { authorization: basic('alice') }), list), '0');
    session.close();
  });
});

describe('messages in crumbs', () => {
  let venue: GrpcVenue;
  before(async () => {
    venue = await GrpcVenue.start('grpc-crumbs', { connections: { loginMs: 120_000 } });
  });
  after(() => venue.close());

  const authorization = basic('alice');
  const frames = (count: number, payload: Uint8Array) => Buffer.concat(Array.from({ length: count }, () => frame(DATA, 0, 1, payload)));
  /** What is left to send of a message of 10,000 bytes is never sent. */
  const head = frame(DATA, 0, 1, Buffer.from([0, 0, 0, 0x27, 0x10]));

  it('end the connection whose frames are many and small', async () => {
    const socket = connect(venue);
    socket.write(Buffer.concat([call(1, pathOf(listOpenOrders), { authorization }), head, frames(300, Buffer.alloc(1))]));
    await untilClosed(socket, 'sends a message byte by byte');
  });

  it("also those of a login's stream", async () => {
    const socket = connect(venue);
    socket.write(call(1, pathOf(entry), { authorization }));
    await venue.untilOpen(({ entryStreams }) => entryStreams === 1);
    socket.write(Buffer.concat([head, frames(300, Buffer.alloc(1))]));
    await untilClosed(socket, 'sends an entry byte by byte');
  });

  it('are read when they are whole messages of a stream, however short', async () => {
    const socket = connect(venue);
    socket.write(call(1, pathOf(entry), { authorization }));
    await venue.untilOpen(({ entryStreams }) => entryStreams === 1);
    let answered = 0;
    socket.on('data', (piece: Buffer) => (answered += piece.length));
    socket.write(frames(300, Buffer.alloc(5))); // requests that say nothing: each is refused
    await until(
      () => answered > 300 * 5,
      () => `${answered} bytes of answers`,
    );
    assert.ok(!socket.destroyed);
  });
});

describe('answers that nobody reads', () => {
  it('are given up in their time, and so is their call', async () => {
    const venue = await GrpcVenue.start('grpc-unread', { connections: { loginMs: 1000 } });
    after(() => venue.close());
    const socket = connect(venue, INITIAL_WINDOW_0);
    const services = Buffer.from([0, 0, 0, 0, 2, 0x3a, 0]);
    socket.write(Buffer.concat(streams(20).map((id) => Buffer.concat([call(id, REFLECTION), frame(DATA, END_STREAM, id, services)]))));
    const deadline = performance.now() + 60_000;
    for (let most = 0; ; ) {
      const { grpcCalls } = await venue.openCounts();
      most = Math.max(most, grpcCalls);
      if (most >= 20 && grpcCalls === 0) break;
      assert.ok(performance.now() < deadline, `${grpcCalls} calls are open, ${most} were`);
    }
    const reader = venue.connect();
    assert.equal(await statusOf(begin(reader, pathOf(listOpenOrders), { authorization: basic('alice') }), list), '0');
    reader.close();
  });
});

describe('messages of one login by the ten thousand', () => {
  it("let another login's answers come in between", async () => {
    const venue = await GrpcVenue.start('grpc-entry-flood');
    after(() => venue.close());
    const EACH = 20_000;
    const empty = frame(DATA, 0, 1, Buffer.alloc(5));
    const flood = Buffer.concat(Array.from({ length: EACH }, () => empty));
    let answered = 0;
    const sockets = Array.from({ length: 4 }, () => connect(venue));
    for (const socket of sockets) socket.on('data', (chunk: Buffer) => (answered += chunk.length));
    const bob = venue.bidi(entry, credentials('bob'));
    let answers = 0;
    bob.on('data', () => answers++).on('error', () => undefined);
    const ask = async () => {
      const before = answers;
      bob.write(create(pb.EntryRequestSchema, { requestId: 1n }));
      await until(
        () => answers > before,
        () => 'an answer beside a flood',
      );
    };
    await ask();
    for (const socket of sockets) socket.write(Buffer.concat([call(1, pathOf(entry), { authorization: basic('alice') }), flood]));
    await until(
      () => answered > 10_000,
      () => 'answers to the flood',
    );
    const began = performance.now();
    for (let i = 0; i < 20; i++) await ask();
    const took = performance.now() - began;
    assert.ok(took < 2000, `20 answers took ${Math.round(took)} ms beside a flood`);
    for (const socket of sockets) socket.destroy();
    bob.cancel();
  });
});

describe('a call without a login', () => {
  /** Calls of GetStatus that get through a gate before the turn of the event loop is over; each takes a millisecond. */
  async function admittedInATurn(hasSlice: boolean): Promise<number> {
    const useWeight = () => {
      for (const end = performance.now() + 1; performance.now() < end; );
    };
    const services = { limiter: { useWeight }, now: () => 0 } as unknown as Services;
    const gate = new Gate(services, new LogIns([]));
    const nothing = () => undefined;
    const peer = { address: '', hasSlice, signedIn: nothing, mayBeSilent: nothing, mayWatch: () => true, cut: nothing };
    const context = {
      service: pb.Admin,
      method: pb.Admin.method.getStatus,
      signal: new AbortController().signal,
      values: peerValues(peer),
    } as unknown as HandlerContext;
    let admitted = 0;
    const all = Array.from({ length: 6 }, () => gate.check(context).then(() => admitted++));
    for (let i = 0; i < 20; i++) await undefined; // as far as they get without another turn
    const inATurn = admitted;
    await Promise.all(all);
    return inATurn;
  }

  it("waits for one slice: its connection's at gRPC's port, one that it shares with all others elsewhere", async () => {
    assert.equal(await admittedInATurn(true), 6);
    assert.ok((await admittedInATurn(false)) < 6);
  });
});

it('an answer that is written as the door looks at its calls arrives whole', async () => {
  const LOOK_MS = 20;
  const connections = { ...DEFAULTS.connections, loginMs: 120_000, idleMs: 5 * LOOK_MS };
  const door = new Http2Door({ ...DEFAULTS, assets: [], instruments: [], connections });
  let due: Http2ServerResponse[] = [];
  // Answers at every millisecond: some right before the door looks, in the same turn.
  const answering = setInterval(() => {
    for (const response of due) {
      response.writeHead(200, { 'content-type': 'application/grpc' });
      response.addTrailers({ 'grpc-status': '16' });
      response.end();
    }
    due = [];
  }, 1);
  const port = await door.listen((_request, response) => void due.push(response), 0);
  after(() => {
    clearInterval(answering);
    door.close();
  });
  const client = http2.connect(`http://127.0.0.1:${port}`);
  after(() => client.destroy());
  const callAgain = async () => {
    for (let i = 0; i < 100; i++) assert.equal(await statusOf(begin(client, '/')), '16');
  };
  await Promise.all(Array.from({ length: 20 }, callAgain));
});

describe('an address whose calls are refused', () => {
  let venue: GrpcVenue;
  before(async () => {
    venue = await GrpcVenue.start('grpc-refused');
  });
  after(() => venue.close());

  it('is told so twenty times a second, is cut off beyond what may wait, and holds up no trader there', async () => {
    const [sessions, calls] = [12, 20]; // as many as a connection that has not signed in may have open
    const begun = performance.now();
    const lines: ReturnType<typeof venue.connect>[] = [];
    let told = 0;
    const refusals = Array.from({ length: sessions * calls }, (_, i) => {
      if (i % calls === 0) lines.push(venue.connect());
      const guess = begin(lines.at(-1)!, pathOf(listOpenOrders), { authorization: basic('alice', `wrong password ${i}`) });
      return statusOf(guess, list).then((status) => {
        if (status === '16') told++;
        return status;
      });
    });
    const trader = venue.connect();
    assert.equal(await statusOf(begin(trader, pathOf(listOpenOrders), { authorization: basic('bob') }), list), '0');
    const toldBefore = told;
    const statuses = await Promise.all(refusals);
    const seconds = (performance.now() - begun) / 1000;
    for (const session of [trader, ...lines]) session.close();
    assert.ok(told <= 20 * seconds + 2, `${told} in ${seconds} s`);
    assert.ok(toldBefore < told, 'the trader waited for all refusals');
    assert.deepEqual(new Set(statuses), new Set(['16', 'closed 8']));
  });
});
