import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { replaceFile } from '../src/durable-file.ts';

describe('a small file that is replaced', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-file-'));
  const file = path.join(directory, 'secret');

  it('holds the new content, readable by its owner alone', () => {
    replaceFile(file, 'one');
    replaceFile(file, 'two');
    assert.equal(fs.readFileSync(file, 'utf8'), 'two');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(fs.readdirSync(directory), ['secret']);
  });

  it('takes no content or mode over from what an earlier crash left beside it', () => {
    fs.writeFileSync(`${file}.tmp`, 'left over, and longer than what comes', { mode: 0o644 });
    replaceFile(file, 'three');
    assert.equal(fs.readFileSync(file, 'utf8'), 'three');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('keeps the old content when the new one cannot be written', () => {
    fs.mkdirSync(path.join(directory, 'taken'));
    assert.throws(() => replaceFile(path.join(directory, 'taken'), 'four'));
    assert.throws(() => replaceFile(path.join(directory, 'absent', 'file'), 'four'), { code: 'ENOENT' });
    assert.equal(fs.readFileSync(file, 'utf8'), 'three');
    assert.deepEqual(fs.readdirSync(directory).sort(), ['secret', 'taken']);
  });
});
