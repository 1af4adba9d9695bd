/** Requests to a venue as its administrator. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

/** Sends one that must be done. Resolves with its answer. @param venue its address, and its data directory with the token */
export async function administer(venue: { url: string; data: string }, route: string, body: object): Promise<any> {
  const token = fs.readFileSync(path.join(venue.data, 'admin.token'), 'utf8').trim();
  const headers = { 'content-type': 'application/json', 'x-outcry-admin': token };
  const answer = await fetch(`${venue.url}/outcry/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return await answer.json();
}
