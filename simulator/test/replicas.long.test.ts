import assert from 'node:assert/strict';
import os from 'node:os';
import { it } from 'node:test';
import { compareReplicas } from '../src/replicas.ts';
import { simulate } from '../src/simulation.ts';

const FIRST = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fff0000));
const LIVES = Number(process.env.OUTCRY_LIVES ?? 100);

it(`a replica is equal to the byte after a million random commands: seed ${FIRST}`, () => {
  assert.ok(compareReplicas(FIRST, 1_000_000).comparisons >= 10);
});

it(`the venue keeps its promises through many crashes: seeds ${FIRST} to ${FIRST + LIVES - 1}`, async () => {
  let refusals = 0;
  for (let seed = FIRST; seed < FIRST + LIVES; seed++) refusals += (await simulate(seed, 1500, os.tmpdir())).refusals;
  assert.ok(refusals > 0, 'planted damage was found');
});
