import type { DescEnum, DescField, DescMessage, Message, UnknownField } from '@bufbuild/protobuf';
import { Code, ConnectError, type ContextValues, type Interceptor } from '@connectrpc/connect';
import { assertSound, noteFault } from './request-scan.ts';

/**
 * Enums of proto3 are open: a number that the contract does not declare arrives like any other, and so does a field that it does not have.
 * Neither may become an order, so every request is checked against its description before a service sees it, to its last nested message.
 * What its bytes said that cannot be seen in it any more was noted as they came in (request-scan.ts).
 */

/** What of a message has to be looked at: which fields hold enums, and which messages that hold some. */
interface Plan {
  readonly name: string;
  readonly enums: readonly { field: DescField; type: DescEnum }[];
  readonly messages: readonly { field: DescField; type: DescMessage }[];
}

type Fields = Record<string, unknown> & { $unknown?: UnknownField[] };

const plans = new Map<DescMessage, Plan>();

function planOf(type: DescMessage): Plan {
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = {
      name: type.name,
      enums: type.fields.flatMap((field) => (field.enum === undefined ? [] : [{ field, type: field.enum }])),
      messages: type.fields.flatMap((field) => (field.message === undefined ? [] : [{ field, type: field.message }])),
    };
    plans.set(type, plan);
  }
  return plan;
}

/** Throws ConnectError, invalid_argument, with the name of the first field whose value the contract does not have. */
export function checkRequest(type: DescMessage, message: Message, path = ''): void {
  assertSound(message);
  const plan = planOf(type);
  const fields = message as unknown as Fields;
  if (fields.$unknown !== undefined && fields.$unknown.length > 0) {
    throw new ConnectError(`${path}${plan.name} has no field ${fields.$unknown[0].no}`, Code.InvalidArgument);
  }
  for (const { field, type: values } of plan.enums) {
    for (const number of valuesOf(fields, field) as number[]) {
      if (values.value[number] === undefined) {
        throw new ConnectError(`${path}${field.name} ${number} is no ${values.name}`, Code.InvalidArgument);
      }
    }
  }
  for (const { field, type: nested } of plan.messages) {
    for (const value of valuesOf(fields, field)) checkRequest(nested, value as Message, `${path}${field.name}.`);
  }
}

/** All that a field holds: nothing, one, or of lists and maps many. */
function valuesOf(fields: Fields, field: DescField): readonly unknown[] {
  const { oneof } = field;
  if (oneof !== undefined) {
    const chosen = fields[oneof.localName] as { case?: string; value?: unknown };
    return chosen.case === field.localName ? [chosen.value] : [];
  }
  const value = fields[field.localName];
  if (value === undefined) return [];
  if (field.fieldKind === 'list') return value as unknown[];
  if (field.fieldKind === 'map') return Object.values(value as object);
  return [value];
}

/**
 * Checks the requests of every call. @param answersItself methods whose stream goes on after a bad request: they call
 * {@link checkRequest} on each, and answer it by its number
 */
export function requestChecker(answersItself: ReadonlySet<unknown>): Interceptor {
  return (next) => (request) => {
    const { method, contextValues } = request;
    if (request.stream) {
      const message = checked(method.input, request.message, contextValues, answersItself.has(method));
      return next({ ...request, message });
    }
    noteFault(contextValues, request.message);
    checkRequest(method.input, request.message);
    return next(request);
  };
}

async function* checked<T extends Message>(
  type: DescMessage,
  messages: AsyncIterable<T>,
  contextValues: ContextValues,
  isLeft: boolean,
): AsyncGenerator<T> {
  for await (const message of messages) {
    noteFault(contextValues, message);
    if (!isLeft) checkRequest(type, message);
    yield message;
  }
}
