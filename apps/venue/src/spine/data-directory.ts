/** The data directory, and small files in it. */
import fs from 'node:fs';
import path from 'node:path';

const ONLY_OWNER = 0o700;
const NOT_OWNER = 0o077;

/** What the venue has at the top of a data directory that is a file, whoever wrote it; the store's files, which may lie elsewhere, are named. */
const FILES =
  /^(operator\.key|admin\.token|venue\.(lock|pid)|soup\.session|memory-peaks\.json|accounts\.json|store\.owner|definitions\.json|demo-funded)(\.tmp)?$/;
/** Its folders, and what is a file there: in the journal's lies what an operator likes, too. */
const FOLDERS = new Map([
  ['journal', /^cut-|\.(log|img|mark|tmp|preparing)$/],
  ['fix', /(?!)/],
]);

/**
 * Makes a data directory ready to be opened: {@link makePrivate} and {@link checkFiles}.
 * @param files of the store, which may lie elsewhere @param secrets those that are worth something to whoever can read them
 */
export function prepareDirectory(directory: string, files: readonly string[], secrets: readonly string[]): string[] {
  const warnings = makePrivate(directory, files, secrets);
  checkFiles(directory);
  for (const file of [...files, ...secrets]) checkFile(file);
  return warnings;
}

/**
 * Makes a data directory that only its owner can enter, and has every file that the venue makes from now on be the owner's alone, wherever it
 * lies and whoever makes it (SQLite, for one). Returns what the log should say: what could not be closed, and secrets that were open.
 */
function makePrivate(directory: string, files: readonly string[], secrets: readonly string[]): string[] {
  process.umask(NOT_OWNER);
  fs.mkdirSync(directory, { recursive: true, mode: ONLY_OWNER });
  return [
    ...[directory, ...files].flatMap((file) => closeToOthers(file, false)),
    ...secrets.flatMap((file) => closeToOthers(file, true)), // also where the directory was closed: it may have been open before
  ];
}

/**
 * Looks at what lies in a data directory before any of it is opened. Throws, with its path, on what is no file where a file belongs: a pipe
 * would be waited for without end.
 */
function checkFiles(directory: string): void {
  checkFolder(directory, FILES);
  for (const [name, files] of FOLDERS) checkTree(path.join(directory, name), files);
}

/** Throws when there is something of a name that is no file. Does not open it. */
function checkFile(file: string): void {
  const stats = statIfThere(file);
  if (stats !== undefined && !stats.isFile()) throw noFile(file, stats);
}

/** What is in a small file: undefined where there is none. Throws with its path. */
export function readFileIfThere(file: string): string | undefined {
  checkFile(file);
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Error(message.includes(file) ? message : `${file}: ${message}`);
  }
}

function checkTree(folder: string, files: RegExp): void {
  const stats = statIfThere(folder);
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw new Error(`${folder} is ${kindOf(stats)}, and no directory: move it out of the way`);
  for (const name of checkFolder(folder, files)) checkTree(path.join(folder, name), files);
}

/** Returns the names of its folders. */
function checkFolder(folder: string, files: RegExp): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    if (entry.isFile()) return [];
    const file = path.join(folder, name);
    const stats = statIfThere(file);
    if (stats === undefined || stats.isFile()) return [];
    if (!stats.isDirectory() || files.test(name)) throw noFile(file, stats);
    return entry.isDirectory() ? [name] : []; // a link may lead round in a circle
  });
}

function noFile(file: string, stats: fs.Stats): Error {
  return new Error(`${file} is ${kindOf(stats)}, and no file: move it out of the way`);
}

function kindOf(stats: fs.Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isFile() ? 'a file' : 'a device';
}

/** Undefined also for a link that leads nowhere: what is written there is made where it leads. */
function statIfThere(file: string): fs.Stats | undefined {
  return fs.statSync(file, { throwIfNoEntry: false });
}

/** What an older venue, or somebody, left open. */
function closeToOthers(file: string, isSecret: boolean): string[] {
  const stats = statIfThere(file);
  if (stats === undefined || (stats.mode & NOT_OWNER) === 0) return [];
  const { mode } = stats;
  const warning = isSecret ? [`${file} was open to others than its owner (mode ${(mode & 0o777).toString(8)}): take it to be known`] : [];
  try {
    fs.chmodSync(file, mode & ONLY_OWNER);
    return warning;
  } catch (error) {
    return [...warning, `${file} is open to others than its owner, and cannot be closed to them: ${(error as Error).message}`];
  }
}
