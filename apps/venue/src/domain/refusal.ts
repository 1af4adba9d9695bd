/** Why what an administrator asked for is not done, in words. */
export class Refusal extends Error {
  /** what was sent is wrong, names something that is not there, or that is there already; or a rule says no */
  readonly kind: 'invalid' | 'unknown' | 'conflict' | 'refused';
  constructor(kind: Refusal['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
