import { create, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import * as pb from './generated/outcry/v1/venue_pb.js';

/**
 * An event of a market data stream. It becomes a message when its first reader takes it, and bytes once for all readers of the binary
 * format: what is written for each of them is an empty message around those bytes, as if they were a field that it does not know.
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

  get isMade(): boolean {
    return this.#frame !== undefined || this.#message !== undefined;
  }

  /** For JSON. */
  message(): pb.MarketEvent {
    this.#message ??= create(pb.MarketEventSchema, { event: this.#make() });
    return this.#message;
  }

  /** For the binary format. */
  frame(): pb.MarketEvent {
    if (this.#frame === undefined) {
      const bytes = toBinary(pb.MarketEventSchema, create(pb.MarketEventSchema, { event: this.#make() }));
      // One field, whose number is below 16: its tag is one byte, and its length and value the rest.
      this.#frame = create(pb.MarketEventSchema);
      this.#frame.$unknown = [{ no: bytes[0] >>> 3, wireType: WireType.LengthDelimited, data: bytes.subarray(1) }];
    }
    return this.#frame;
  }
}
