import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Operation } from '../../src/doors/binance/operation.ts';

type Name = NonNullable<Operation['rest']>;

/** The schemas of answers in a venue's own documentation. */
export class AnswerSchemas {
  readonly #ajv = new Ajv2020({ allErrors: true, strict: true });
  readonly #document: any;
  readonly #checks = new Map<string, ValidateFunction>();

  private constructor(document: any) {
    this.#document = document;
  }

  static async of(url: string): Promise<AnswerSchemas> {
    return new AnswerSchemas(await (await fetch(`${url}/openapi.json`)).json());
  }

  /** Every operation that is documented. */
  get names(): Name[] {
    return Object.entries<object>(this.#document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase() as Name['method'], path })),
    );
  }

  /** Fails unless an answer is as documented. @param kind of the answer: of what was done, or of a refusal */
  check(name: Name, answer: unknown, kind: '200' | 'default' = '200'): void {
    const errors = this.errorsOf(name, answer, kind);
    assert.equal(errors, '', `${name.method} ${name.path} answers as documented: ${JSON.stringify(answer).slice(0, 1000)}`);
  }

  /** What is not as documented; an empty text: nothing. */
  errorsOf(name: Name, answer: unknown, kind = '200'): string {
    const validate = this.#validator(name, kind);
    return validate(answer) ? '' : this.#ajv.errorsText(validate.errors);
  }

  #validator({ method, path }: Name, kind: string): ValidateFunction {
    const key = `${method} ${path} ${kind}`;
    let found = this.#checks.get(key);
    if (found === undefined) {
      const schema = this.#document.paths[path]?.[method.toLowerCase()]?.responses[kind]?.content?.['application/json'].schema;
      assert.ok(schema !== undefined, `${key} is documented`);
      found = this.#ajv.compile(schema);
      this.#checks.set(key, found);
    }
    return found;
  }
}
