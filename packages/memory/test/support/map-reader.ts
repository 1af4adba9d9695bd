// Reads a map that another thread writes, and counts values that are not whole.
import { parentPort, workerData } from 'node:worker_threads';
import { SharedMap } from '../../src/shared-map.ts';
import type { Span } from '../../src/span.ts';

const { span, looks } = workerData as { span: Span; looks: number };
const map = new SharedMap(span);
let torn = 0;
let found = 0;
for (let i = 0; i < looks; i++) {
  if (!map.get(i % 24, i % 3)) continue;
  found++;
  const [first] = map.value.i32;
  if (map.value.i32.some((word) => word !== first) || first % 24 !== i % 24 || first % 3 !== i % 3) torn++;
}
parentPort!.postMessage({ torn, found });
