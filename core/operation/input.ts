import type { z } from 'zod';
import { jsonObstacle } from '../json/acceptable.js';
import { type FieldFault, Problem, problems } from './problem.js';

/** @throws {@link Problem} 422 with one entry for each fault; 400 for what nothing could work with */
export function parseInput(schema: z.ZodType, input: unknown): unknown {
  const obstacle = jsonObstacle(input);
  if (obstacle !== undefined) throw new Problem(problems.invalidRequest, `the input ${obstacle}`);
  // Without options: with any, zod leaves its fast path and takes thirty times as long.
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = fieldFaults(parsed.error, input);
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new Problem(problems.semanticError, `${first?.field || 'input'}: ${first?.message ?? 'not valid'}${more}`, {
    errors,
  });
}

function fieldFaults(error: z.ZodError, input: unknown): FieldFault[] {
  return error.issues.map((issue) => ({ field: issue.path.map(String).join('.'), message: wordingOf(issue, input) }));
}

/** Longest part of an input that a message repeats, in characters. */
const longestShown = 60;

/** Of a text that was to become a number, zod tells what became of it, NaN: the caller is told what it sent. */
function wordingOf({ code, path, message }: z.core.$ZodIssue, input: unknown): string {
  if (code !== 'invalid_type' || !message.endsWith(' NaN')) return message;
  const sent = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
  const shown = JSON.stringify(sent) ?? 'nothing';
  const short = shown.length > longestShown ? `${shown.slice(0, longestShown)}...` : shown;
  return message.replace(/NaN$/, () => short);
}
