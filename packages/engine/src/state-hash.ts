/** The engine's state as one hash, however the engine came to it. */
import zlib from 'node:zlib';
import { order as orderRecord } from '@outcry/book/records';
import { POOL_CAPACITY_WORD } from '@outcry/memory/slot-pool';
import { details } from './detail-record.ts';
import type { Engine } from './engine.ts';
import { IMAGE_PART, imageOf } from './image.ts';
import { special, WHERE } from './rules/special-orders.ts';

/** Links that say how a structure was built, not what is in it: they differ between engines that are in the same state. */
const SPECIAL_LINKS = [0, 1, 2].flatMap((link) => [special.TRAIL_HEAP + link, special.EXPIRY_HEAP + link]);
const SPECIAL_NEIGHBOURS = [special.PREVIOUS, special.NEXT];
const ORDER_LINKS = [orderRecord.PREVIOUS, orderRecord.NEXT];

/**
 * An engine's state as bytes that are equal for engines in the same state, however they came to it: by all commands, by a snapshot and
 * the commands after it, on another machine. Copies the state: for checks, not for the hot path.
 */
export function canonicalState(engine: Engine): Uint8Array[] {
  const parts = imageOf(engine).map((part) => Uint8Array.from(part));
  const words = (part: number) => new Int32Array(parts[part].buffer);
  const { specials } = engine;
  const { ORDERS, TEXTS, SPECIALS, LISTS } = IMAGE_PART;
  for (const pool of [ORDERS, TEXTS, SPECIALS, LISTS]) words(pool)[POOL_CAPACITY_WORD] = 0; // room, not state
  const orders = words(IMAGE_PART.ORDERS);
  for (let slot = 1; slot * orderRecord.WORDS < orders.length; slot++) {
    const at = slot * orderRecord.WORDS;
    const isOpen = orders[at + orderRecord.QUANTITY] !== 0;
    const record = isOpen ? specials.of(slot) : 0;
    const where = record === 0 ? WHERE.DISPLAYED : specials.whereOf(record);
    if (isOpen && (where === WHERE.DISPLAYED || where === WHERE.HIDDEN)) continue;
    for (const word of ORDER_LINKS) orders[at + word] = 0;
    if (isOpen) orders[at + orderRecord.PRICE] = 0;
  }
  const detailWords = words(IMAGE_PART.DETAILS);
  for (let at = 0; at < detailWords.length; at += details.WORDS) detailWords[at + details.POSITION] = 0;
  const records = words(IMAGE_PART.SPECIALS);
  for (let record = 1; record * special.WORDS < records.length; record++) {
    const at = record * special.WORDS;
    if (!specials.isOpen(record)) {
      records.fill(0, at + 1, at + special.WORDS); // word 0 links the free ones
      continue;
    }
    const where = specials.whereOf(record);
    for (const word of SPECIAL_LINKS) records[at + word] = 0;
    if (where !== WHERE.QUEUED && !specials.follows(record)) for (const word of SPECIAL_NEIGHBOURS) records[at + word] = 0;
    if (where !== WHERE.TRAILING && where !== WHERE.WATCHING) records[at + special.EXTREME] = 0;
  }
  return parts;
}

/** A hash of `canonicalState`: 32 bits, in hexadecimal. */
export function stateHash(engine: Engine): string {
  let crc = 0;
  for (const part of canonicalState(engine)) crc = zlib.crc32(part, crc);
  return crc.toString(16).padStart(8, '0');
}
