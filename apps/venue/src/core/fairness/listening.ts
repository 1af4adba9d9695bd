/** Listens at TCP ports, with the backlog that all doors use. */
import type { AddressInfo, Server } from 'node:net';

/**
 * Connections that the system keeps for a port until the venue takes them. All that are there are taken before anything else on the thread
 * gets its turn, a tenth of a millisecond each. A client that finds no room is tried again by its own system a second later.
 */
export const BACKLOG = 64;

/** Listens at a TCP port, 0: any free one. Resolves with the port. Rejects when it is taken. */
export async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
