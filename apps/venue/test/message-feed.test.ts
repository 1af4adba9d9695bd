/** Requests for old feed messages: limits, and requests that cannot be answered. */
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { test } from 'node:test';
import { viewOf } from '@outcry/wire/layout';
import { MOLD_HEAD, MoldReader, writeMoldHead } from '@outcry/wire/mold';
import { MessageFeed } from '../src/doors/itch/message-feed.ts';
import { endAfterTests } from './support/left-open.ts';
import { until } from './support/until.ts';

/** Asks a feed for messages from an address of its own, and counts the answers. */
class Asker {
  answers = 0;
  readonly #socket = dgram.createSocket('udp4');
  readonly #feed: MessageFeed;

  constructor(feed: MessageFeed) {
    this.#feed = feed;
    endAfterTests(() => this.#socket.close());
    this.#socket.on('message', (bytes) => {
      const reader = new MoldReader();
      assert.equal(reader.open(viewOf(bytes), 0, bytes.length), 0);
      this.answers++;
    });
  }

  static async at(feed: MessageFeed, address: string): Promise<Asker> {
    const asker = new Asker(feed);
    await new Promise<void>((resolve) => asker.#socket.bind(0, address, resolve));
    return asker;
  }

  ask(first: number, count: number): void {
    const bytes = Buffer.alloc(MOLD_HEAD);
    writeMoldHead(viewOf(bytes), 0, this.#feed.session, first, count);
    this.#socket.send(bytes, this.#feed.requestPort, '127.0.0.1');
  }
}

async function open(): Promise<MessageFeed> {
  const lines = [{ group: '239.255.91.1', port: 21_000 + (process.pid % 9000) }];
  const feed = await MessageFeed.open({ session: 'SESSION', lines, host: '127.0.0.1', requestPort: 0 });
  endAfterTests(() => feed.close());
  return feed;
}

test('whoever asks for messages without end does not keep others from their answers', async () => {
  const feed = await open();
  for (let i = 0; i < 1000; i++) feed.push(40);
  feed.flush();
  const greedy = await Asker.at(feed, '127.0.0.2');
  const honest = await Asker.at(feed, '127.0.0.3');
  const began = performance.now();
  for (let i = 0; i < 200; i++) {
    for (let k = 0; k < 50; k++) greedy.ask(1, 1000);
    if (i % 10 === 0) honest.ask(1 + i, 10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(
    () => {
      honest.ask(1, 10); // a system whose buffers are full drops a request: it is asked again
      return honest.answers >= 20;
    },
    () => `${honest.answers} answers`,
  );
  const windows = 2 + (performance.now() - began) / 100;
  assert.ok(greedy.answers <= 200 * windows, `${greedy.answers} answers in ${windows} tenths of a second`);
  assert.ok(feed.droppedRequests > 0);
});

test('a request that cannot be answered where it says that it comes from is passed over, and the feed goes on', async (t) => {
  const sockets: dgram.Socket[] = [];
  const { createSocket } = dgram;
  t.mock.method(dgram, 'createSocket', (type: dgram.SocketType) => {
    const socket = createSocket(type);
    sockets.push(socket);
    return socket;
  });
  const feed = await open();
  t.mock.restoreAll();
  feed.push(40);
  feed.flush();
  const request = Buffer.alloc(MOLD_HEAD);
  writeMoldHead(viewOf(request), 0, feed.session, 1, 1);
  const requests = sockets.find((socket) => socket.address().port === feed.requestPort)!;
  // As the system gives them: a datagram may have 0 as its source port, and whatever else Node does not send to.
  for (const port of [0, -1, 65_536, Number.NaN])
    requests.emit('message', request, { address: '127.0.0.1', family: 'IPv4', port, size: MOLD_HEAD });
  assert.equal(feed.droppedRequests, 4);
  const honest = await Asker.at(feed, '127.0.0.3');
  honest.ask(1, 1);
  await until(
    () => honest.answers > 0,
    () => 'the answer to a good request',
  );
});
