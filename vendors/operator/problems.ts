import { Problem, type ServedOperation } from '../../core/plugin/index.js';

/**
 * Names fields as the caller wrote them: an operation whose whole body is one document has it as an input of its own
 * (`document`), which nobody outside has ever seen.
 */
export function inCallersWords(served: ServedOperation): ServedOperation {
  const { body } = served.operation.http;
  if (body === undefined) return served;
  const prefix = `${body}.`;
  const bare = (text: string): string => (text.startsWith(prefix) ? text.slice(prefix.length) : text);
  return {
    ...served,
    present: (problem) => {
      if (!problem.errors.some(({ field }) => field.startsWith(prefix))) return problem;
      const { retryAfterSeconds, extensions, cause } = problem;
      return new Problem(problem.kind, bare(problem.detail), {
        errors: problem.errors.map(({ field, message }) => ({ field: bare(field), message })),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
        extensions,
        cause,
      });
    },
  };
}
