/** Connections of a login by FIX and gRPC, and how they end. */
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { FixFramer, type FixMessage, fixTime, formatFix, parseFix } from '@outcry/wire/fix';
import { until } from './until.ts';

const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));
const { outcry } = grpc.loadPackageDefinition(loadSync(path.join(PROTO, 'outcry/v1/venue.proto'))) as any;

/** A FIX client that has signed in. */
export async function fixClient(port: number, user: string, password: string): Promise<{ got: FixMessage[]; isClosed: boolean }> {
  const client = { got: [] as FixMessage[], isClosed: false };
  const framer = new FixFramer(100_000);
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.on('close', () => {
    client.isClosed = true;
  });
  socket.on('data', (piece: Buffer) => {
    framer.push(piece);
    for (let text = framer.next(); text !== undefined; text = framer.next()) client.got.push(parseFix(text));
  });
  const head = [[35, 'A'] as const, [49, user] as const, [56, 'OUTCRY'] as const, [34, 1] as const, [52, fixTime(Date.now())] as const];
  socket.write(formatFix('FIX.4.4', [...head, [98, 0], [108, 30], [554, password], [141, 'Y']]));
  await until(
    () => client.got.length > 0 || client.isClosed,
    () => 'an answer to the logon',
  );
  return client;
}

export function entryStream(port: number, user: string, password: string): { error: grpc.ServiceError | undefined; close(): void } {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  const client = new outcry.v1.Trading(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const call = client.Entry(metadata);
  const stream = { error: undefined as grpc.ServiceError | undefined, close: () => client.close() };
  call.on('error', (error: grpc.ServiceError) => {
    stream.error = error;
  });
  call.on('data', () => undefined);
  return stream;
}
