import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
  nonoptional: 'a value',
};

const formats: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  hostname: 'a host name',
  uuid: 'a UUID',
};

/** What a schema expected, for a person. `undefined` leaves the words to the schema or to zod. */
export function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_union': {
      const options: unknown = issue['options'];
      return Array.isArray(options)
        ? `expected one of ${options.map((one) => JSON.stringify(one)).join(', ')}`
        : undefined;
    }
    case 'too_small':
      return `expected ${bound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')}`;
    case 'too_big':
      return `expected ${bound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')}`;
    case 'invalid_format':
      return format(issue);
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    default:
      return undefined;
  }
}

function bound(origin: string, limit: number | bigint, words: string): string {
  const units: Readonly<Record<string, string>> = {
    string: 'character',
    array: 'element',
    set: 'element',
    map: 'entry',
  };
  const unit = units[origin];
  const plural = unit === 'entry' ? 'entries' : `${unit}s`;
  return unit === undefined ? `${words} ${limit}` : `${words} ${limit} ${Number(limit) === 1 ? unit : plural}`;
}

function format(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  if (issue.format === 'regex') return `expected text that matches ${issue.pattern ?? 'a pattern'}`;
  if (issue.format === 'starts_with') return `expected text that starts with ${JSON.stringify(issue['prefix'])}`;
  if (issue.format === 'ends_with') return `expected text that ends with ${JSON.stringify(issue['suffix'])}`;
  return `expected ${formats[issue.format] ?? issue.format}`;
}
