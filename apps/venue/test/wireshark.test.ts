/** Wireshark reads what the venue sends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FeedClient } from '@outcry/feed/feed-client';
import { type MessageType, viewOf } from '@outcry/wire/layout';
import { MoldReader } from '@outcry/wire/mold';
import * as ouch42 from '@outcry/wire/ouch42';
import { UdpPacket } from '@outcry/wire/packet';
import { CaptureReader } from '@outcry/wire/pcap';
import { beginPacket, SOUP, SOUP_HEAD, writeLogin } from '@outcry/wire/soup';
import { memorySource } from '@outcry/wire/source';
import { endAfterTests } from './support/left-open.ts';
import { OuchClient } from './support/ouch-client.ts';
import { VenueProcess } from './support/process.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-wireshark-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const missing = ['/usr/bin/tshark', '/usr/bin/tcpdump'].filter((file) => !fs.existsSync(file));
const skip = missing.length > 0 ? `${missing.join(' and ')} not installed` : process.getuid?.() !== 0 ? 'only root may capture' : false;

/** Captures packets of the loopback interface while something happens. */
async function capture(name: string, filter: string, happens: () => Promise<void>): Promise<string> {
  const file = path.join(folder, name);
  const dump: ChildProcess = spawn('/usr/bin/tcpdump', ['-i', 'lo', '-U', '-s', '0', '-w', file, filter], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve) => dump.stderr!.on('data', (text) => String(text).includes('listening') && resolve()));
  await happens();
  await new Promise((resolve) => setTimeout(resolve, 700));
  const ended = new Promise((resolve) => dump.once('exit', resolve));
  dump.kill('SIGINT');
  await ended;
  return file;
}

function tshark(file: string, ...args: string[]): string[] {
  const { stdout, status } = spawnSync('/usr/bin/tshark', ['-n', '-r', file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(status, 0);
  return stdout.split('\n').filter((line) => line !== '');
}

test("Wireshark reads the venue's OUCH and GLIMPSE ports and its feed without a malformed packet", { skip }, async () => {
  const lines = [1, 2].map((line) => ({ group: `239.255.77.${line}`, port: 21_000 + (process.pid % 9000) + line }));
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(
    config,
    JSON.stringify({ ouch: { port: 0 }, instruments: WIDE_INSTRUMENTS, itch: { lines, requestPort: 0, glimpsePort: 0 } }),
  );
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: Record<string, number> };
  const file = await capture(
    'venue.pcap',
    `tcp port ${ports.ouch} or tcp port ${ports.glimpse} or udp port ${lines[0].port} or udp port ${lines[1].port}`,
    async () => {
      const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
      const bob = await OuchClient.open(ports.ouch, 'BOB', 'bobpass');
      for (let i = 1; i <= 50; i++) {
        alice.enter(i, 'B', 10 + i, 500_000_000 + i * 100);
        bob.enter(i, 'S', 5 + i, 500_002_000 + i * 100);
      }
      alice.replace(20, 51, 5, 490_000_000);
      alice.cancel(1);
      await alice.next('order_canceled');
      const reader = await FeedClient.open({
        lines,
        host: '127.0.0.1',
        late: true,
        glimpse: { host: '127.0.0.1', port: ports.glimpse, user: 'ALICE', password: 'alicepass' },
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok(reader.book.orderCount > 0);
      reader.close();
      alice.close();
      bob.close();
      await venue.close();
    },
  );
  const decode = [ports.ouch, ports.glimpse].flatMap((port) => ['-d', `tcp.port==${port},soupbintcp`]);
  decode.push(...lines.flatMap(({ port }) => ['-d', `udp.port==${port},moldudp64`]));
  assert.deepEqual(tshark(file, ...decode, '-Y', '_ws.malformed'), []);
  const soup = tshark(file, ...decode, '-Y', 'soupbintcp', '-T', 'fields', '-e', 'soupbintcp.packet_type')
    .join(',')
    .split(',');
  for (const type of ['L', 'A', 'U', 'S']) assert.ok(soup.includes(`'${type}'`), `${type} in ${[...new Set(soup)]}`);
  // Datagrams by their sequence numbers and counts, as Wireshark reads them: nothing between them is missing.
  const rows = tshark(
    file,
    ...decode,
    '-Y',
    `moldudp64 and udp.dstport==${lines[0].port}`,
    '-T',
    'fields',
    '-e',
    'moldudp64.sequence',
    '-e',
    'moldudp64.count',
  );
  let next = 0;
  for (const row of rows) {
    const [sequences, count] = row.split('\t');
    const first = Number(sequences.split(',')[0]);
    if (next > 0) assert.equal(first, next, rows.join('\n'));
    next = first + (Number(count) === 0xffff ? 0 : Number(count));
  }
  assert.ok(next > 100, rows.join('\n'));
  // And the other way round: what tcpdump wrote is read by us.
  const reader = new CaptureReader(memorySource(fs.readFileSync(file)));
  const packet = new UdpPacket();
  const mold = new MoldReader();
  let messages = 0;
  while (reader.next()) {
    if (packet.decode(reader.view, reader.at, reader.bytes, reader.linkType) !== undefined || packet.port !== lines[0].port) continue;
    assert.equal(packet.destination, lines[0].group);
    assert.equal(mold.open(reader.view, packet.at, packet.bytes), 0);
    while (mold.next()) messages++;
  }
  assert.ok(messages > 100);
});

test('Wireshark reads every OUCH 4.2 message that our codec writes, field by field', { skip }, async () => {
  const server = net.createServer();
  endAfterTests(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const packet = (type: number, message: MessageType) => {
    const bytes = new Uint8Array(SOUP_HEAD + message.length);
    const view = viewOf(bytes);
    const flyweight = message.begin(new message.View() as never, view, beginPacket(view, 0, type, message.length)) as unknown as Record<
      string,
      string | number
    >;
    for (const [name, field] of Object.entries(message.fields)) {
      const isText = typeof field.get(new DataView(new ArrayBuffer(32)), 0) === 'string';
      flyweight[name] = isText ? 'AAPL' : field.bytes === 1 ? 'B'.charCodeAt(0) : 1000;
    }
    return bytes;
  };
  const file = await capture('ouch42.pcap', `tcp port ${port}`, async () => {
    server.once('connection', (socket) => {
      socket.setNoDelay(true);
      for (const message of ouch42.outbound.all) socket.write(packet(SOUP.SEQUENCED, message));
    });
    const client = net.connect({ port, host: '127.0.0.1', noDelay: true });
    endAfterTests(() => client.destroy());
    const login = new Uint8Array(64);
    client.write(login.subarray(0, writeLogin(viewOf(login), 0, { user: 'ALICE', password: 'x', session: '', sequence: 1 })));
    for (const message of ouch42.inbound.all) client.write(packet(SOUP.UNSEQUENCED, message));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.destroy();
    server.close();
  });
  const decode = ['-d', `tcp.port==${port},soupbintcp`];
  assert.deepEqual(tshark(file, ...decode, '-Y', '_ws.malformed'), []);
  const types = tshark(file, ...decode, '-Y', 'ouch', '-T', 'fields', '-e', 'ouch.packet_type')
    .join(',')
    .split(',');
  const known = 'OUXMSAUCDEBJPITMG'.split(''); // trade now and trade correction are not in Wireshark's dissector
  for (const type of known)
    assert.ok(
      types.some((found) => found.includes(type)),
      `${type} in ${types}`,
    );
  const stocks = tshark(file, ...decode, '-Y', 'ouch', '-T', 'fields', '-e', 'ouch.stock', '-e', 'ouch.order_token').join(' ');
  assert.match(stocks, /AAPL/);
});
