// Brings work now and then.
import { workerData } from 'node:worker_threads';
import { Bell, sleepThread } from '../../src/bell.ts';
import { i32Of, type Span } from '../../src/span.ts';

const { span, times } = workerData as { span: Span; times: number };
const words = i32Of(span);
const bell = new Bell(span, 1);
for (let i = 0; i < times; i++) {
  sleepThread(i % 5 === 0 ? 3 : 0.05);
  Atomics.add(words, 0, 1);
  bell.ring();
}
