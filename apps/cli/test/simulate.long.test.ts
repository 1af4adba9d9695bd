import assert from 'node:assert/strict';
import os from 'node:os';
import { it } from 'node:test';
import { simulate } from '@outcry/simulator/simulation';
import { SimulatedDatabase } from '../src/simulated-database.ts';

const FIRST = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fff0000));
const LIVES = Number(process.env.OUTCRY_LIVES ?? 100);

it(`the venue with its database keeps its promises through many crashes: seeds ${FIRST} to ${FIRST + LIVES - 1}`, async () => {
  let refusals = 0;
  for (let seed = FIRST; seed < FIRST + LIVES; seed++)
    refusals += (await simulate(seed, 1500, os.tmpdir(), (directory) => new SimulatedDatabase(directory))).refusals;
  assert.ok(refusals > 0, 'planted damage was found');
});
