import { adviseHugePages } from './libc.ts';

/**
 * Reserves shared memory, zeroed. The system backs a page when it is first touched, so a generous reservation costs address space
 * and no memory. Large reservations are put on huge pages where the system allows it.
 */
export function reserve(bytes: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes);
  adviseHugePages(buffer);
  return buffer;
}
