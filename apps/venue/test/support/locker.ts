import { lockDirectory } from '../../src/spine/lock.ts';

/** A process that claims a data directory, says what came of it, and holds it until its input ends. */

try {
  const lock = lockDirectory(process.argv[2]);
  console.log(lock.weakness === undefined ? 'held' : `held by number only: ${lock.weakness}`);
  process.stdin.on('end', () => {
    lock.release();
    process.exit(0);
  });
  process.stdin.resume();
} catch (error) {
  console.log((error as Error).message);
}
