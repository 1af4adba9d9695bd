/** Takes a SoupBinTCP stream apart. */
import assert from 'node:assert/strict';
import { packetBytes } from '@outcry/wire/soup';

export interface SoupPacket {
  type: string;
  payload: Buffer;
}

/** The packets of a stream, which must be whole. @param isCut the connection broke: the last one may be short */
export function packetsOf(stream: Buffer, isCut = false): SoupPacket[] {
  const packets: SoupPacket[] = [];
  for (let at = 0; at < stream.length; ) {
    const bytes = at + 2 <= stream.length ? packetBytes(stream, at) : Number.POSITIVE_INFINITY;
    if (isCut && at + bytes > stream.length) return packets;
    assert.ok(bytes > 2 && at + bytes <= stream.length, `no packet at ${at} of ${stream.length}`);
    const type = String.fromCharCode(stream[at + 2]);
    assert.ok('AJSHZ+'.includes(type), `a packet of type ${stream[at + 2]} at ${at}`);
    packets.push({ type, payload: stream.subarray(at + 3, at + bytes) });
    at += bytes;
  }
  return packets;
}

/** The payloads of the sequenced packets. */
export function sequencedOf(packets: readonly SoupPacket[]): Buffer[] {
  return packets.filter(({ type }) => type === 'S').map(({ payload }) => payload);
}
