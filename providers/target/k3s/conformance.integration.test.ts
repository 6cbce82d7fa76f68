import { CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatReport, runCase } from '../../../core/testing/index.js';
import { targetKit } from '../../../core/testing/target/index.js';
import { describeWith, type KubernetesWithNode, type RegistryPart } from '../../../test/parts/index.js';
import { k3sSubject, kitNamespace } from '../../../test/target/k3s-subject.js';

describeWith(['kubernetes', 'registry'], 'what every target promises', (start) => {
  let cluster: KubernetesWithNode;
  let registry: RegistryPart;
  let image: string;
  beforeAll(async () => {
    [cluster, registry] = await Promise.all([start.kubernetes({ node: true }), start.registry()]);
    image = await cluster.node.loadImage('kit:1');
    await cluster
      .client()
      .makeApiClient(CoreV1Api)
      .createNamespace({ body: { metadata: { name: kitNamespace } } });
  }, 300_000);
  afterAll(async () => {
    await Promise.all([cluster.stop(), registry.stop()]);
  });

  test.for(targetKit.cases)('$level: $name', { timeout: 240_000 }, async (each, { skip }) => {
    const report = await runCase(each, () => k3sSubject(cluster, registry, image), { patience: 120_000, kills: 2 });
    if (report.status === 'skipped') skip(report.reason);
    expect(report.status, formatReport({ port: targetKit.port, cases: [report] })).toBe('passed');
  });
});
