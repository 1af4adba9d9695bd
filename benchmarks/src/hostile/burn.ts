// A process of its own: uses a share of a core and talks to nobody. What a neighbour costs that is only there.
import fs from 'node:fs';

const { share, seconds } = JSON.parse(process.argv[2]) as { share: number; seconds: number };
const SLICE_MS = 5;
const end = performance.now() + seconds * 1000;
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const [started, cpuAtStart] = [performance.now(), cpuMs()];
let sum = 0;
while (performance.now() < end) {
  const until = performance.now() + SLICE_MS;
  while (performance.now() < until && cpuMs() - cpuAtStart < share * (performance.now() - started))
    for (let i = 0; i < 10_000; i++) sum += i;
  if (cpuMs() - cpuAtStart >= share * (performance.now() - started)) await new Promise((resolve) => setTimeout(resolve, 1));
}
fs.writeSync(3, JSON.stringify({ cpuSeconds: (cpuMs() - cpuAtStart) / 1000, did: sum > 0 ? 'burnt' : 'nothing' }));
process.exit();
