/** Market data events that are encoded once for all readers. */
import { create, type DescMessage, type MessageInitShape, type MessageShape, toBinary, type UnknownField } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import type { HandlerContext } from '@connectrpc/connect';
import type * as pb from './generated/outcry/v1/venue_pb.js';

/**
 * Encoded fields, to be written into a message as they are: as if it had come with fields that it does not know. The first one's number
 * is below 16, so that its tag is one byte, and it has a length.
 */
export function encoded(bytes: Uint8Array): UnknownField {
  return { no: bytes[0] >>> 3, wireType: WireType.LengthDelimited, data: bytes.subarray(1) };
}

/** Whether a call's messages are JSON. */
export function isJson({ requestHeader }: HandlerContext): boolean {
  return requestHeader.get('content-type')?.includes('json') === true;
}

/**
 * A message of streams, the same for all that read it. It is made when its first reader takes it, and becomes bytes once for all readers of
 * the binary format: what is written for each of them is an empty message around those bytes. It has one field, whose value has a length.
 */
export class Framed<Schema extends DescMessage> {
  /** levels of a book in it, or 1 */
  readonly weight: number;
  readonly #schema: Schema;
  readonly #make: () => MessageInitShape<Schema>;
  #message: MessageShape<Schema> | undefined;
  #frame: MessageShape<Schema> | undefined;

  constructor(schema: Schema, weight: number, make: () => MessageInitShape<Schema>) {
    this.#schema = schema;
    this.weight = weight;
    this.#make = make;
  }

  /** As a call writes it. */
  of(asJson: boolean): MessageShape<Schema> {
    return asJson ? this.#asMessage() : this.#asFrame();
  }

  #asMessage(): MessageShape<Schema> {
    this.#message ??= create(this.#schema, this.#make());
    return this.#message;
  }

  #asFrame(): MessageShape<Schema> {
    if (this.#frame === undefined) {
      const bytes = toBinary(this.#schema, create(this.#schema, this.#make()));
      this.#frame = create(this.#schema);
      this.#frame.$unknown = [encoded(bytes)];
    }
    return this.#frame;
  }
}

/** An event of a market data stream. */
export type FramedEvent = Framed<typeof pb.MarketEventSchema>;
