import { cases } from 'tutti/testing';
import { describe, test } from 'vitest';
import conformances from './conformance.ts';

describe.each(conformances)('$type', (conformance) => {
  for (const { name, run } of cases(conformance)) test(name, run);
});
