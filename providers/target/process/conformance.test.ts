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

// Each agent that is killed compiles its program first.
const tried = cases(processConformance, { patience: 30_000, kills: 4 });
for (const { name, run } of tried) test(name, { timeout: 120_000 }, run);
