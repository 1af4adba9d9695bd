// Measures one ring shared by 1, 2, 4 and 8 producers; writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { createRing } from '@outcry/memory/ring';
import { sequenceBytes } from '@outcry/memory/sequence';
import { reserve } from '@outcry/memory/span';
import type { ProducerWork } from './ring-producers-thread.ts';

const PRODUCERS = [1, 2, 4, 8];

/** Messages a second, a figure a run, by the number of producers. */
export type ProducersRun = Record<number, number[]>;

/** The venue's command ring. */
const CAPACITY = 1 << 16;
const MESSAGES = 4_000_000;

async function measure(producers: number): Promise<number> {
  const span = createRing({ capacity: CAPACITY, slotWords: 16, producers: 'many' });
  const shared = { span, bell: reserve(sequenceBytes(1)), gate: reserve(64), count: MESSAGES / producers, producers };
  const seconds = await new Promise<number>((resolve, reject) => {
    for (let producer = -1; producer < producers; producer++) {
      const workerData: ProducerWork = { ...shared, producer };
      const worker = new Worker(new URL('./ring-producers-thread.ts', import.meta.url), { workerData });
      worker.once('error', reject);
      worker.once('message', resolve);
    }
  });
  return MESSAGES / seconds;
}

const [, , kind, , runs] = process.argv;
if (kind !== 'producers') throw new Error(`nothing measures '${kind}' here`);
const result: ProducersRun = Object.fromEntries(PRODUCERS.map((count) => [count, []]));
for (let run = 0; run <= Number(runs); run++) {
  for (const count of PRODUCERS) {
    const perSecond = await measure(count);
    if (run > 0) result[count].push(perSecond); // the first is the warm-up
  }
}
fs.writeSync(3, JSON.stringify(result));
