/** The `feed record` command: writes what multicast lines send into a file. */
import dgram from 'node:dgram';
import { FeedFilter } from '@outcry/wire/filter';
import { itch } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { MoldReader } from '@outcry/wire/mold';
import { ipv4 } from '@outcry/wire/packet';
import type { Line } from './line.ts';
import { isWanted, PlainArbiter } from './read.ts';
import { isCaptureName, MessageFile, PcapFile } from './write.ts';

const RECEIVE_BYTES = 8 * 1024 * 1024;
const TELL_EVERY_MS = 5000;

interface RecordOptions {
  line: Line[];
  interface: string;
  seconds?: number;
  filter?: string;
}

/** What is done with datagrams as they come. */
interface Recording {
  take(payload: Buffer, from: dgram.RemoteInfo, line: Line): void;
  flush(): void;
  summary(): string;
  close(): void;
}

/** Every datagram, of every line, with the time at which it came. */
function recordDatagrams(file: string, filter: FeedFilter): Recording {
  const output = new PcapFile(file);
  const mold = new MoldReader();
  return {
    take: (payload, from, { group, port }) => {
      const now = performance.timeOrigin + performance.now();
      if (!isWanted(filter, mold, viewOf(payload), 0, payload.length)) return;
      const time = { seconds: Math.floor(now / 1000), nanoseconds: Math.floor((now % 1000) * 1e6) };
      output.add(time, { address: ipv4(from.address), port: from.port }, { address: ipv4(group), port }, payload);
    },
    flush: () => output.flush(),
    summary: () => `${output.written} datagrams`,
    close: () => output.close(),
  };
}

/** Every message once, the lines put together. */
function recordMessages(file: string, filter: FeedFilter): Recording {
  const output = new MessageFile(file);
  const arbiter = new PlainArbiter(filter, (view, at, bytes) => {
    if (itch.check(view, at, bytes) > 0 && filter.message(view, at)) output.add(view, at, bytes);
  });
  const { counts } = arbiter.lines;
  return {
    take: (payload) => arbiter.take(viewOf(payload), 0, payload.length, performance.now()),
    flush: () => output.flush(),
    summary: () => `${output.written} messages${counts.missed > 0 ? `; ${counts.missed} did not come on any line` : ''}`,
    close: () => {
      arbiter.finish();
      output.close();
    },
  };
}

export async function record(file: string, options: RecordOptions): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const recording = isCaptureName(file) ? recordDatagrams(file, filter) : recordMessages(file, filter);
  const sockets = options.line.map((line) => {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('message', (payload, from) => recording.take(payload, from, line));
    socket.bind(line.port, line.group, () => {
      socket.addMembership(line.group, options.interface);
      socket.setRecvBufferSize(RECEIVE_BYTES);
    });
    return socket;
  });
  console.error(`recording ${options.line.map(({ group, port }) => `${group}:${port}`).join(' ')} to ${file}; Ctrl-C ends it`);
  const telling = setInterval(() => {
    recording.flush();
    console.error(recording.summary());
  }, TELL_EVERY_MS);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    if (options.seconds !== undefined) setTimeout(resolve, options.seconds * 1000).unref(); // the sockets keep the process
  });
  clearInterval(telling);
  for (const socket of sockets) socket.close();
  recording.close();
  console.log(recording.summary());
}
