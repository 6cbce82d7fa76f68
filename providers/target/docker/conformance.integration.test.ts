import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatReport, runCase } from '../../../core/testing/index.js';
import { targetKit } from '../../../core/testing/target/index.js';
import { type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { dockerSubject } from '../../../test/target/docker-subject.js';

describeWith(['docker', 'registry'], 'what every target promises', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  beforeAll(async () => {
    [docker, registry] = await Promise.all([start.docker(), start.registry()]);
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });

  test.for(targetKit.cases)('$level: $name', { timeout: 180_000 }, async (each, { skip }) => {
    const report = await runCase(each, () => dockerSubject(docker, registry), { patience: 30_000, kills: 6 });
    if (report.status === 'skipped') skip(report.reason);
    expect(report.status, formatReport({ port: targetKit.port, cases: [report] })).toBe('passed');
  });
});
