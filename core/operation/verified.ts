import type { Handler, Operation } from './operation.js';
import { contractProblems, Problem } from './problem.js';
import type { Reply, StreamItem } from './reply.js';

/**
 * A handler that keeps to what its operation declares: kinds and values of replies, and problems. Anything else is an
 * error of its own, naming the operation.
 */
export function verified(operation: Operation, handler: Handler<never>): Handler<never> {
  const refuse = (error: unknown): never => {
    if (!(error instanceof Problem)) throw error;
    const { type } = error.kind;
    if ([...operation.problems, ...contractProblems].some((declared) => declared.type === type)) throw error;
    throw new Error(`${operation.id} does not declare the problem ${type}`, { cause: error });
  };
  return (call) => {
    let reply: ReturnType<Handler<never>>;
    try {
      reply = handler(call);
    } catch (error) {
      return refuse(error);
    }
    return reply instanceof Promise
      ? reply.then((given) => asDeclared(operation, given), refuse)
      : asDeclared(operation, reply);
  };
}

function asDeclared(operation: Operation, reply: Reply<unknown>): Reply<unknown> {
  const { id, output } = operation;
  if (reply.kind === 'value' && output.kind === 'value') {
    expectForm(operation, output.schema, reply.value);
  } else if (reply.kind === 'representation' && output.kind === 'representation') {
    if (!output.mediaTypes.includes(reply.mediaType)) throw new Error(`${id} does not declare ${reply.mediaType}`);
  } else if (reply.kind === 'stream' && output.kind === 'stream') {
    return { ...reply, items: itemsAsDeclared(operation, output.schema, reply.items) };
  } else if (reply.kind !== output.kind) {
    throw new Error(`${id} declares its reply as ${output.kind}, and answers ${reply.kind}`);
  }
  return reply;
}

async function* itemsAsDeclared(
  operation: Operation,
  schema: (Operation['output'] & { readonly kind: 'stream' })['schema'],
  items: AsyncIterable<StreamItem<unknown>>,
): AsyncIterable<StreamItem<unknown>> {
  for await (const item of items) {
    expectForm(operation, schema, item.data);
    yield item;
  }
}

/** In the form that callers see: as JSON, which knows neither dates nor members that are undefined. */
function expectForm(
  { id }: Operation,
  schema: (Operation['output'] & { readonly kind: 'value' })['schema'],
  value: unknown,
): void {
  const text: string | undefined = JSON.stringify(value);
  const parsed = schema.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!parsed.success) throw new Error(`${id} answers what it does not declare: ${parsed.error.message}`);
}
