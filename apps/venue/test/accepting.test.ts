/** Doors that accept many connections at once: no turn of a thread takes more than the backlog. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { setNice } from '@outcry/memory/libc';
import { BACKLOG, listenAt, readLittle } from '../src/core/fairness/listening.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { Doors } from './support/doors.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const CROWD = 400;
/** Knocks at each port with a crowd; says how many got in while nobody takes them, and later all the time. */
const KNOCKING = `
  const net = require('node:net');
  const { workerData: { ports, counts, crowd } } = require('node:worker_threads');
  for (const [i, port] of ports.entries())
    for (let n = 0; n < crowd; n++) {
      const socket = net.connect(port, '127.0.0.1', () => Atomics.add(counts, i, 1));
      socket.on('error', () => undefined);
    }
  setTimeout(() => { Atomics.store(counts, ports.length, 1); Atomics.notify(counts, ports.length); }, 1000);
`;

it('no door takes more connections in one turn of its thread than the system keeps for it, and all of them in the end', async (t) => {
  const data = temporaryDirectory('accepting');
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  const doors = await Doors.open(t, { ...DEFAULTS, ...market, port: 0, data, ...anyPorts('239.255.231.1') });
  const ports = [Number(new URL(doors.venue.url).port), doors.port('fix'), doors.port('grpc')];
  const counts = new Int32Array(new SharedArrayBuffer((ports.length + 1) * 4));
  const crowd = new Worker(KNOCKING, { eval: true, workerData: { ports, counts, crowd: CROWD } });
  t.after(() => crowd.terminate());
  Atomics.wait(counts, ports.length, 0); // these doors are on this thread
  const got = [...counts.subarray(0, ports.length)];
  for (const [i, count] of got.entries()) assert.ok(count > 0 && count <= BACKLOG + 1, `port ${i}: ${count} of ${CROWD}`);
  await until(
    () => counts.subarray(0, ports.length).every((count) => count === CROWD),
    () => `let in: ${counts}`,
  );
});

it('little of a connection is read at once, so that many which send much leave time for others', async (t) => {
  const MUCH = 1_000_000;
  let got = 0;
  let most = 0;
  const server = net.createServer((socket) =>
    socket.on('data', (piece) => {
      got += piece.length;
      most = Math.max(most, piece.length);
    }),
  );
  t.after(() => server.close());
  const port = await listenAt(server, '127.0.0.1', 0);
  readLittle(server);
  const client = net.connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write(Buffer.alloc(MUCH));
  await until(
    () => got === MUCH,
    () => `${got} of ${MUCH} bytes`,
  );
  if (setNice(0).done) assert.ok(most <= 16_384, `${most} bytes at once`);
  else t.diagnostic('no system calls here: Node reads 64 KiB at once');
});
