/**
 * Loaded into a venue before its own code (`--import`): at SIGUSR2 it ends the thread that OUTCRY_ENDS names, as a fault of its own would.
 */
import diagnostics from 'node:diagnostics_channel';
import { isMainThread, type Worker } from 'node:worker_threads';

if (isMainThread) {
  const workers: Worker[] = [];
  diagnostics.subscribe('worker_threads', (message) => workers.push((message as { worker: Worker }).worker));
  process.on('SIGUSR2', () => {
    for (const worker of workers) if (worker.threadName === process.env.OUTCRY_ENDS) void worker.terminate();
  });
}
