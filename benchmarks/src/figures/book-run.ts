// Plays a file through the order book in a process whose code comes out of the compile cache; writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { replayFile } from '../replay-file.ts';

raiseInliningBudget();
const [file, runs] = process.argv.slice(2);
if (file === 'load') process.exit(); // a first process fills the compile cache: see runtime.ts
fs.writeSync(3, JSON.stringify(replayFile(file, Number(runs), false)));
