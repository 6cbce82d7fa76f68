import { expect, test } from 'vitest';
import { bindingKit, runCase } from '../../core/testing/index.js';
import { memorySubjects } from './memory-binding.js';

test.for(bindingKit.cases.map((each) => [each.name, each] as const))('in memory, %s', async ([, each]) => {
  const { failure } = await runCase(each, memorySubjects());
  expect(failure).toBeUndefined();
});
