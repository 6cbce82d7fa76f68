import type { Logger, Reply, ServedOperation } from '../../core/plugin/index.js';

/** Writes a line for every call that may change something: who, what, on what, and how it ended. Never the input. */
export function audited(served: ServedOperation, log: Logger): ServedOperation {
  const { operation, handler } = served;
  if (operation.idempotency === 'safe') return served;
  return {
    ...served,
    handler: async (call) => {
      const { principal, input } = call as { principal: { id: string }; input: { id?: string } };
      const line = (outcome: string, object = input.id): void =>
        log.info('audit', {
          audit: true,
          actor: principal.id,
          action: operation.id,
          ...(object !== undefined && { object }),
          outcome,
        });
      try {
        const reply = await handler(call);
        line('done', input.id ?? idOf(reply));
        return reply;
      } catch (error) {
        line(error instanceof Error ? `refused: ${error.message}` : 'refused');
        throw error;
      }
    },
  };
}

/** The id of what a call made. */
function idOf(reply: Reply<unknown>): string | undefined {
  if (reply.kind !== 'value' || reply.value === null || typeof reply.value !== 'object' || !('id' in reply.value))
    return undefined;
  return typeof reply.value.id === 'string' ? reply.value.id : undefined;
}
