import fs from 'node:fs';

const ONLY_OWNER = 0o700;
const NOT_OWNER = 0o077;

/**
 * Makes a data directory that only its owner can enter, and has every file that the venue makes from now on be the owner's alone, wherever it
 * lies and whoever makes it (SQLite, for one). Returns what could not be closed, for the log.
 */
export function makePrivate(directory: string, files: readonly string[]): string[] {
  process.umask(NOT_OWNER);
  fs.mkdirSync(directory, { recursive: true, mode: ONLY_OWNER });
  return [directory, ...files.filter((file) => fs.existsSync(file))].flatMap(closeToOthers);
}

/** What an older venue, or somebody, left open. */
function closeToOthers(file: string): string[] {
  const { mode } = fs.statSync(file);
  if ((mode & NOT_OWNER) === 0) return [];
  try {
    fs.chmodSync(file, mode & ONLY_OWNER);
    return [];
  } catch (error) {
    return [`${file} is open to others than its owner, and cannot be closed to them: ${(error as Error).message}`];
  }
}
