import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/host/clock.js';
import {
  formatReport,
  type Kit,
  type MakeSubject,
  registryKit,
  registrySubjects,
  runCase,
  secretKit,
  targetKit,
} from '../../core/testing/index.js';
import registryOci from '../../providers/registry/oci/index.js';
import secretFile from '../../providers/secret/file/index.js';
import { processTarget } from '../../providers/target/process/index.js';
import { fileSubjectsOf } from '../kits/secret-files.js';
import { processSubject } from '../target/process-subject.js';
import { apart } from './apart.js';

/** Milliseconds that another thread or process may take to answer on a machine that does other things too. */
const patience = 30_000;

/** Each case starts an isolate: of long kits, those in which more than a value crosses over, or many at once. */
const crossing = /abort|reader|given up|told by watch|progress|slowly|at once|not found|nowhere/;

function telling<P>(kit: Kit<P>): Kit<P> {
  return { ...kit, cases: kit.cases.filter(({ name, level }) => crossing.test(name) && level !== 'crash') };
}

function holds<P>(kit: Kit<P>, make: MakeSubject<P>): void {
  test.for(kit.cases)('$level: $name', async (each) => {
    const report = await runCase(each, make, { patience });
    const counts = { passed: 0, failed: 0, skipped: 0, [report.status]: 1 };
    expect(report.status, formatReport({ port: kit.port, ...counts, cases: [report] })).toBe('passed');
  });
}

describe('secret.file in a thread', () => holds(secretKit, fileSubjectsOf(apart(secretFile, 'thread'))));

describe('secret.file in a process', () => holds(telling(secretKit), fileSubjectsOf(apart(secretFile, 'process'))));

describe.each(['thread', 'process'] as const)('in a %s', (kind) => {
  describe('target.process', () => {
    holds(telling(targetKit), () => processSubject(undefined, apart(processTarget, kind)));
  });

  describe('registry.oci', () => {
    const make = registrySubjects(apart(registryOci, kind), {
      config: ({ url, credentials, impatient }) => ({
        registries: [{ url, ...credentials }],
        ...(impatient && { timeouts: { answer: 0.3, idle: 0.3 } }),
      }),
      // Another thread has a clock of its own.
      clock: systemClock,
    });
    holds(telling(registryKit), make);
  });
});
