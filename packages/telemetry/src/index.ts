/** Latency histograms in shared memory: see README.md. */
export * from './histogram.ts';
