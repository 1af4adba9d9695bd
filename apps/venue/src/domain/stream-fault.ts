/** A fault of market streams, as a publisher is told of it. */
export interface StreamFault {
  readonly id: number;
  readonly kind: 'drop' | 'duplicate';
  /** of the messages, 0 to 1 */
  readonly share: number;
  /** how often; undefined: until it is taken away */
  readonly times?: number;
}
