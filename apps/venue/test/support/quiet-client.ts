// A process of its own: a WebSocket client that sends what it was given, says on standard output which port it has when all of that is
// answered, and is then stopped by its parent.
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

const [, , url, sent = '[]'] = process.argv;
const requests = JSON.parse(sent) as object[];
const socket = new WebSocket(url);
let port = 0;
socket.on('upgrade', (response) => {
  port = (response.socket as Socket).localPort ?? 0;
});
const next = () => {
  const request = requests.shift();
  if (request === undefined) process.stdout.write(`${port}\n`);
  else socket.send(JSON.stringify(request));
};
socket.on('open', next);
socket.on('message', (data) => {
  const { id, error } = JSON.parse(data.toString());
  if (error !== undefined) throw new Error(data.toString());
  if (id !== undefined) next();
});
socket.on('close', () => process.exit());
