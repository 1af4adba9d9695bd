/** What SQLite throws, in the words of the seam. */
import { StoreUnavailable } from '../store.ts';

/** Runs something on a database. Throws StoreUnavailable for an error of SQLite: it is locked, full, broken or was replaced. */
export function available<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_SQLITE_ERROR') throw error;
    throw new StoreUnavailable((error as Error).message, { cause: error });
  }
}
