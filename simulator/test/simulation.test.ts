/** Simulated venues, on a few new seeds in each run. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, it } from 'node:test';
import { compareReplicas } from '../src/replicas.ts';
import { simulate } from '../src/simulation.ts';

/** New seeds each time; a failure names its seed. */
const FIRST = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fff0000));
const LIVES = 8;

describe('the simulator', () => {
  it(`the venue keeps its promises through crashes on a disk that forgets: seeds ${FIRST} to ${FIRST + LIVES - 1}`, async () => {
    let crashes = 0;
    for (let seed = FIRST; seed < FIRST + LIVES; seed++) crashes += (await simulate(seed, 1500, os.tmpdir())).crashes;
    assert.ok(crashes > LIVES, 'there were crashes');
  });

  it('gives the same life for the same seed', async () => {
    assert.deepEqual(await simulate(7, 800, os.tmpdir()), await simulate(7, 800, os.tmpdir()));
  });

  it('a replica is equal to the byte after 200,000 random commands, and one that went on from a snapshot too', () => {
    const report = compareReplicas(FIRST, 200_000);
    assert.ok(report.snapshots > 0 && report.trades > 10_000);
  });
});
