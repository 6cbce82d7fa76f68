import { test } from 'vitest';
import { cases, conformance } from '../../../core/testing/index.js';
import { sampleRegistry } from '../../../test/target/process-samples.js';
import { processSubject } from '../../../test/target/process-subject.js';
import { processTarget } from './index.js';

const processConformance = conformance({
  definition: processTarget,
  uses: async () => ({ uses: { registry: await sampleRegistry() } }),
  target: processSubject,
});

for (const { name, run } of cases(processConformance, { patience: 10_000 })) test(name, run);
