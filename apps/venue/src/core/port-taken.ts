/** An error of listening on a port that another program has, in words for whoever started the venue; any other error as it is. */
export function portTaken(error: unknown): unknown {
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code !== 'EADDRINUSE') return error;
  return new Error(`port ${port} on ${address} is taken: choose another with --port (0: any free one), or in the configuration`);
}
