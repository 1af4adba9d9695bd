/** Random bytes at every port, for a while. */
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { beginPacket, SOUP, SOUP_HEAD, writeLogin } from '@outcry/wire/soup';
import { Random } from '@outcry/workload/random';
import { OuchClient } from './support/ouch-client.ts';
import { VenueProcess } from './support/process.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

/** How long, in seconds; an hour by hand: OUTCRY_FUZZ_SECONDS=3600 */
const SECONDS = Number(process.env.OUTCRY_FUZZ_SECONDS ?? 20);
const SEED = Number(process.env.OUTCRY_SEED ?? Date.now() % 1_000_000);

test(`random bytes, half-open peers and wrong logins at every port leave the venue serving (seed ${SEED})`, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-port-fuzz-'));
  const config = path.join(folder, 'config.json');
  const lines = [{ group: '239.255.78.1', port: 22_000 + (process.pid % 9000) }];
  fs.writeFileSync(
    config,
    JSON.stringify({
      ouch: { port: 0 },
      itch: { lines, requestPort: 0, glimpsePort: 0 },
      fix: { port: 0 },
      grpc: { port: 0 },
      instruments: WIDE_INSTRUMENTS,
    }),
  );
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: Record<string, number> };
  const tcp = [ports.ouch, ports.glimpse, ports.fix, ports.grpc, Number(new URL(venue.url).port)];
  const source = new Random(SEED);
  const random = (n: number) => source.below(n);
  const noise = (n: number) => Buffer.from(Array.from({ length: n }, () => random(256)));
  const login = Buffer.alloc(64);
  const loginBytes = writeLogin(new DataView(login.buffer, login.byteOffset, 64), 0, {
    user: 'BOB',
    password: 'bobpass',
    session: '',
    sequence: 0,
  });
  const beginnings = [
    Buffer.alloc(0),
    login.subarray(0, loginBytes),
    Buffer.from('8=FIX.4.4\x019=70\x0135=A\x0149=BOB\x0156=OUTCRY\x0134=1\x01'),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'),
  ];
  const udp = dgram.createSocket('udp4');
  const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
  const end = performance.now() + SECONDS * 1000;
  let connections = 0;
  let reference = 0;
  while (performance.now() < end) {
    const sockets = Array.from({ length: 20 }, () => {
      const socket = net.connect(tcp[random(tcp.length)], '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(beginnings[random(beginnings.length)]);
      // Noise as it is, and as packets of a logged-in client whose contents are noise.
      for (let i = random(6); i > 0; i--) {
        const payload = noise(random(80));
        if (payload.length > 0 && random(2) === 0) payload[0] = 'OUXMCDEQ'.charCodeAt(random(8));
        const packet = Buffer.alloc(SOUP_HEAD + payload.length);
        payload.copy(
          packet,
          beginPacket(new DataView(packet.buffer, packet.byteOffset, packet.length), 0, SOUP.UNSEQUENCED, payload.length),
        );
        socket.write(random(3) === 0 ? noise(random(200)) : packet);
      }
      connections++;
      return socket;
    });
    for (let i = 0; i < 50; i++) udp.send(noise(random(60)), ports.itchRequests, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of sockets) {
      if (random(10) > 0) socket.destroy();
      else setTimeout(() => socket.destroy(), 3000); // half open for a while
    }
    alice.enter(++reference, 'B', 1, 500_000_000);
    alice.packet(SOUP.CLIENT_HEARTBEAT);
    const received = reference;
    await alice.until(() => alice.received.some(({ message, userRef }) => message === 'order_accepted' && userRef === received));
    if (reference % 50 === 0) alice.received.length = 0;
  }
  assert.ok(connections > 100);
  assert.ok(venue.isRunning);
  assert.equal((await fetch(`${venue.url}/api/v3/time`)).status, 200);
  udp.close();
  alice.close();
  await venue.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
