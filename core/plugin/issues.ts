import { z } from 'zod';
import { expectation } from '../operation/wording.js';

/** More would hide what is wrong first. */
const most = 5;

/**
 * What is wrong with data that a plugin's code made, for its author: `version: expected a string, found nothing; ...`.
 *
 * @param within where it stands in what the author knows
 * @returns empty when nothing is
 */
export function issuesIn(schema: z.ZodType, value: unknown, within = ''): string[] {
  const issues = schema.safeParse(value, { error: wording }).error?.issues ?? [];
  return issues.map(({ path, message }) => {
    const at = [within, z.core.toDotPath(path)].filter(Boolean).join('.');
    return at === '' ? message : `${at}: ${message}`;
  });
}

/** The first of several faults, and how many more there are. */
export function listed(faults: readonly string[]): string {
  const more = faults.length - most;
  return [...faults.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function wording(issue: z.core.$ZodRawIssue): string | undefined {
  const expected = issue.code === 'invalid_type' ? typeExpected(issue) : expectation(issue);
  return expected === undefined ? undefined : `${expected}, found ${found(issue.input)}`;
}

/** In the words of code; those of a profile speak of mappings. */
function typeExpected(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string | undefined {
  return ['object', 'record'].includes(issue.expected) ? 'expected an object' : expectation(issue);
}

function found(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
