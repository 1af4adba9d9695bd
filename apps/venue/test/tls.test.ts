import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { it } from 'node:test';
import { WebSocket } from 'ws';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const READERS = 8;

it('with a certificate, REST and streams are https and wss', async (t) => {
  const data = temporaryDirectory('tls');
  const [key, cert, config] = ['key.pem', 'cert.pem', 'config.json'].map((name) => path.join(data, name));
  const made = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=venue',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ].concat(['-keyout', key, '-out', cert]),
  );
  if (made.status !== 0) return t.skip('needs openssl, to make a certificate');
  fs.writeFileSync(config, JSON.stringify({ tls: { key, cert }, connections: { most: READERS, perAddress: READERS } }));
  const venue = await VenueProcess.start(data, '--demo', '--config', config);
  t.after(() => venue.kill());
  assert.match(venue.url, /^https:/);
  const ca = fs.readFileSync(cert);
  const ping = () =>
    new Promise<string>((resolve, reject) => {
      const request = https.get(`${venue.url}/api/v3/ping`, { ca, agent: false }, (response) => {
        response.on('data', (chunk) => resolve(String(chunk)));
      });
      request.on('error', reject);
    });
  assert.equal(await ping(), '{}');
  const socket = new WebSocket(`${venue.url.replace('https', 'wss')}/ws/btcusdt@depth@100ms`, { ca });
  const event = await new Promise<string>((resolve, reject) => {
    socket.on('message', (message) => resolve(message.toString()));
    socket.on('error', reject);
  });
  assert.equal(JSON.parse(event).e, 'depthUpdate');
  // Readers whose bytes pass through the order lane take no place of REST.
  const readers = [socket];
  t.after(() => readers.forEach((reader) => void reader.terminate()));
  while (readers.length < READERS) {
    const reader = new WebSocket(`${venue.url.replace('https', 'wss')}/ws/btcusdt@trade`, { ca });
    readers.push(reader);
    await new Promise((resolve, reject) => reader.on('open', resolve).on('error', reject));
  }
  assert.equal(await ping(), '{}');
});
