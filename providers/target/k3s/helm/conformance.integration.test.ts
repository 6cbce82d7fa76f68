import { CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatReport, runCase } from '../../../../core/testing/index.js';
import { targetKit } from '../../../../core/testing/target/index.js';
import {
  describeWith,
  type HelmPart,
  type KubernetesWithNode,
  type RegistryPart,
} from '../../../../test/parts/index.js';
import { helmSubject, type KitCharts, kitNamespace, pushKitCharts } from '../../../../test/target/helm-subject.js';
import { charts } from '../../../../test/target/helm-trial.js';

describeWith(
  ['kubernetes', 'helm', 'registry'],
  'what every target promises, of charts by the helm program',
  (start) => {
    let cluster: KubernetesWithNode;
    let helm: HelmPart;
    let registry: RegistryPart;
    let pushed: KitCharts;
    beforeAll(async () => {
      [cluster, helm, registry] = await Promise.all([start.kubernetes({ node: true }), start.helm(), start.registry()]);
      const image = await cluster.node.loadImage('kit:1');
      const shelf = await charts(registry);
      pushed = await pushKitCharts(shelf, image);
      await shelf.dispose();
      await cluster
        .client()
        .makeApiClient(CoreV1Api)
        .createNamespace({ body: { metadata: { name: kitNamespace } } });
    }, 300_000);
    afterAll(async () => {
      await Promise.all([cluster?.stop(), helm?.stop(), registry?.stop()]);
    }, 120_000);

    test.for(targetKit.cases)('$level: $name', { timeout: 240_000 }, async (each, { skip }) => {
      const subject = () => helmSubject(cluster, helm, registry, pushed);
      const report = await runCase(each, subject, { patience: 120_000, kills: 2, histories: 40 });
      if (report.status === 'skipped') skip(report.reason);
      expect(report.status, formatReport({ port: targetKit.port, cases: [report] })).toBe('passed');
    });
  },
);
