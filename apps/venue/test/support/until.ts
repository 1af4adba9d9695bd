/** Waits until something holds. Throws, saying what was waited for, when it does not in time. */
export async function until(holds: () => boolean | Promise<boolean>, what: string | (() => string), milliseconds = 60_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
