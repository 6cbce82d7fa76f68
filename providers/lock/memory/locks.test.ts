import { test } from 'vitest';
import { cases, conformance } from '../../../core/testing/index.js';
import memory from './index.js';

for (const { name, run } of cases(conformance({ definition: memory }))) test(name, run);
