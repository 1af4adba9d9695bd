// A process of its own: a WebSocket client of one address, which says on standard output which port it has, and is then stopped by its parent.
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

const socket = new WebSocket(process.argv[2]);
let port = 0;
socket.on('upgrade', (response) => {
  port = (response.socket as Socket).localPort ?? 0;
});
socket.on('open', () => process.stdout.write(`${port}\n`));
socket.on('close', () => process.exit());
