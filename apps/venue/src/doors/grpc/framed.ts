/** Market data events that are encoded once for all readers. */
import { create, toBinary, type UnknownField } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import * as pb from './generated/outcry/v1/venue_pb.js';

/**
 * Encoded fields, to be written into a message as they are: as if it had come with fields that it does not know. The first one's number
 * is below 16, so that its tag is one byte, and it has a length.
 */
export function encoded(bytes: Uint8Array): UnknownField {
  return { no: bytes[0] >>> 3, wireType: WireType.LengthDelimited, data: bytes.subarray(1) };
}

/**
 * An event of a market data stream. It becomes a message when its first reader takes it, and bytes once for all readers of the binary
 * format: what is written for each of them is an empty message around those bytes.
 */
export class Framed {
  /** levels of a book in it, or 1 */
  readonly weight: number;
  readonly #make: () => pb.MarketEvent['event'];
  #message: pb.MarketEvent | undefined;
  #frame: pb.MarketEvent | undefined;

  constructor(weight: number, make: () => pb.MarketEvent['event']) {
    this.weight = weight;
    this.#make = make;
  }

  /** For JSON. */
  message(): pb.MarketEvent {
    this.#message ??= create(pb.MarketEventSchema, { event: this.#make() });
    return this.#message;
  }

  /** For the binary format. */
  frame(): pb.MarketEvent {
    if (this.#frame === undefined) {
      this.#frame = create(pb.MarketEventSchema);
      this.#frame.$unknown = [encoded(toBinary(pb.MarketEventSchema, create(pb.MarketEventSchema, { event: this.#make() })))];
    }
    return this.#frame;
  }
}
