/** The simulator with the venue's database, on a few new seeds in each run. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, it } from 'node:test';
import { simulate } from '@outcry/simulator/simulation';
import { SimulatedDatabase } from '../src/simulated-database.ts';

/** New seeds each time; a failure names its seed. */
const FIRST = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fff0000));
const LIVES = 8;

const live = (seed: number, turns: number) => simulate(seed, turns, os.tmpdir(), (directory) => new SimulatedDatabase(directory));

describe("the simulator, with the venue's database", () => {
  it(`the venue keeps its promises through crashes on a disk that forgets: seeds ${FIRST} to ${FIRST + LIVES - 1}`, async () => {
    let crashes = 0;
    for (let seed = FIRST; seed < FIRST + LIVES; seed++) crashes += (await live(seed, 1500)).crashes;
    assert.ok(crashes > LIVES, 'there were crashes');
  });

  it('gives the same life for the same seed', async () => {
    assert.deepEqual(await live(7, 800), await live(7, 800));
  });
});
