import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

test('a client that asks for another protocol where there is none, and never closes, holds nothing up', async () => {
  const venue = await VenueProcess.start(temporaryDirectory('upgrade'), '--demo', '--no-flow');
  const clients = ['/other', '/ws-other/v3', 'http://['].map((path) => {
    const client = { text: '', socket: net.connect({ port: Number(new URL(venue.url).port), host: '127.0.0.1', allowHalfOpen: true }) };
    client.socket.on('error', () => undefined);
    client.socket.on('data', (piece) => {
      client.text += piece;
    });
    const more =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}`);
    return client;
  });
  const answered = () => clients.every(({ text }) => /^HTTP\/1\.1 40[04] /.test(text));
  await until(answered, () => JSON.stringify(clients.map(({ text }) => text)));
  assert.equal(await venue.kill('SIGTERM'), 0, venue.output);
  for (const { socket } of clients) socket.destroy();
});
