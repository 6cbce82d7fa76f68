import type { Logger, Principal, Reply, ServedOperation } from '../../core/plugin/index.js';

/** What a line can name as its object. */
interface Named {
  readonly id?: string;
  readonly name?: string;
  readonly document?: { readonly metadata?: { readonly name?: unknown } };
}

/**
 * Writes a line for every call that may change something: who, what, on what, and how it ended; for those too that
 * their caller has no role for. Never the input.
 */
export function audited(served: ServedOperation, log: Logger): ServedOperation {
  const { operation, handler } = served;
  if (operation.idempotency === 'safe') return served;
  const line = (principal: Principal, object: string | undefined, outcome: string): void =>
    log.info('audit', {
      audit: true,
      actor: principal.id,
      action: operation.id,
      ...(object !== undefined && { object }),
      outcome,
    });
  return {
    ...served,
    refused: (principal, input, why) => line(principal, nameOf(input as Named), `refused: ${why}`),
    handler: async (call) => {
      const { principal, input } = call as { principal: Principal; input: Named };
      try {
        const reply = await handler(call);
        line(principal, input.id ?? idOf(reply) ?? nameOf(input), 'done');
        return reply;
      } catch (error) {
        line(principal, nameOf(input), error instanceof Error ? `refused: ${error.message}` : 'refused');
        throw error;
      }
    },
  };
}

/** What the caller calls it: its id, or the name of what is to be made. */
function nameOf({ id, name, document }: Named): string | undefined {
  const given = id ?? name ?? document?.metadata?.name;
  return typeof given === 'string' ? given : undefined;
}

/** The id of what a call made. */
function idOf(reply: Reply<unknown>): string | undefined {
  if (reply.kind !== 'value' || reply.value === null || typeof reply.value !== 'object' || !('id' in reply.value))
    return undefined;
  return typeof reply.value.id === 'string' ? reply.value.id : undefined;
}
