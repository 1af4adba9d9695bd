const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** An error of a start whose data directory's disk has no room, in words for whoever started the venue; any other error as it is. */
export function diskFull(error: unknown, data: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!NO_ROOM.has(code) || !message.includes(data)) return error;
  return new Error(`the disk of the data directory ${data} is full: free some space, and start again (${message})`, { cause: error });
}
