import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '@outcry/workload/random';
import { parseForm } from '../src/doors/binance/parameters.ts';
import { signedPayload } from '../src/doors/binance/security.ts';

const PIECES = ['a', 'bc', '=', '&', '&', '=', '%41', '+', '%', 'é', '-', '"', ' ', 'signature=', '&signature=00', '1.5'];

function texts(count: number): string[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => Array.from({ length: random.below(9) }, () => PIECES[random.below(PIECES.length)]).join(''));
}

test('a form reads as the URL standard says, whether or not it holds anything to decode', () => {
  for (const text of texts(20_000)) {
    const expected = [...new URLSearchParams(text)];
    if (new Set(expected.map(([name]) => name)).size < expected.length) assert.throws(() => parseForm(text), /sent more than once/, text);
    else assert.deepEqual(Object.entries(parseForm(text)).sort(), expected.sort(), text);
  }
});

test('what is signed is everything that was sent but the signature, wherever it stands', () => {
  for (const text of texts(20_000)) {
    const parts = text.split('&').filter((part) => !part.startsWith('signature='));
    assert.equal(signedPayload(text, ''), parts.join('&'), text);
  }
});
