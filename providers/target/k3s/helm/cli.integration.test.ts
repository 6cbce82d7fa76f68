import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { TargetFault } from '../../../../core/plugin/index.js';
import { selfSigned } from '../../../../test/parts/certificate.js';
import {
  describeWith,
  type HelmPart,
  type KubernetesWithNode,
  type RegistryPart,
} from '../../../../test/parts/index.js';
import { type Charts, chartApplication, charts, helmTrial } from '../../../../test/target/helm-trial.js';
import { call, faultOf, type TargetTrial } from '../../../../test/target/trial.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import { releaseHistory } from './history.js';
import { releaseName } from './release-name.js';
import type { ReleasePayload } from './release-record.js';
import { rewriteRecord } from './rewritten-record.js';
import { settle } from './settled.js';

const credentials = { username: 'ada', password: 'correct horse' };

/** A Deployment that runs what its values say, a ConfigMap of the values, and a claim. */
const templates = (image: string): Record<string, string> => ({
  'values.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: { name: '{{ .Release.Name }}' }
data: { values.json: {{ .Values | toJson | quote }} }
`,
  'deployment.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: { name: '{{ .Release.Name }}' }
spec:
  strategy: { type: Recreate }
  selector: { matchLabels: { app: '{{ .Release.Name }}' } }
  template:
    metadata: { labels: { app: '{{ .Release.Name }}' } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: '${image}'
          imagePullPolicy: Never
          command: [sh, -c, {{ .Values.run | default "exec sleep 100000" | quote }}]
          readinessProbe: { exec: { command: [sh, -c, {{ .Values.ready | default "exit 0" }}] }, periodSeconds: 1 }
`,
  'claim.yaml': `
{{ if .Values.claim }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: '{{ .Release.Name }}' }
spec: { accessModes: [ReadWriteOnce], storageClassName: none, resources: { requests: { storage: 1Mi } } }
{{ end }}
`,
});

describeWith(['kubernetes', 'helm', 'registry'], 'charts by the helm program', (start) => {
  let cluster: KubernetesWithNode;
  let helm: HelmPart;
  let registry: RegistryPart;
  let shelf: Charts;
  let repository: string;
  let core: CoreV1Api;
  const trials: TargetTrial[] = [];

  beforeAll(async () => {
    [cluster, helm, registry] = await Promise.all([
      start.kubernetes({ node: true }),
      start.helm(),
      start.registry({ tls: true, credentials }),
    ]);
    const image = await cluster.node.loadImage('box:1');
    core = cluster.client().makeApiClient(CoreV1Api);
    shelf = await charts(registry, credentials);
    for (const version of ['1.0.0', '1.1.0', '2.0.0_build.7']) {
      repository = await shelf.push('monitor', version, templates(image));
    }
  }, 300_000);
  afterEach(async () => {
    for (const trial of trials.splice(0)) await trial.dispose();
  });
  afterAll(async () => {
    await shelf?.dispose();
    await Promise.all([cluster?.stop(), helm?.stop(), registry?.stop()]);
  }, 120_000);

  const begin = async (config: { helm?: object; registries?: object[] } = {}): Promise<TargetTrial> => {
    const trial = await helmTrial(cluster.kubeconfig, {
      registries: [{ host: registry.host, username: credentials.username, passwordFile: 'password' }],
      ...config,
      helm: { program: helm.program, ca: registry.ca?.file, ...config.helm },
    });
    writeFileSync(join(trial.dataDir, 'password'), `${credentials.password}\n`);
    trials.push(trial);
    return trial;
  };
  /** A namespace and an id of the case's own. */
  const place = () => ({ id: randomUUID(), namespace: `line-${randomUUID().slice(0, 8)}` });
  const componentOf = async ({ target }: TargetTrial, id: string) =>
    (await target.actual()).find((each) => each.id === id)?.components[0];
  const valuesIn = async ({ id, namespace }: ReturnType<typeof place>) => {
    const name = releaseName('tutti', id, 'monitor');
    const { data } = await core.readNamespacedConfigMap({ namespace, name });
    return JSON.parse(data?.['values.json'] ?? '');
  };
  /** A chart of these objects, as a folder. */
  const chartFolder = ({ dataDir }: TargetTrial, name: string, objects: Readonly<Record<string, object>>): string => {
    const folder = join(dataDir, name);
    mkdirSync(join(folder, 'templates'), { recursive: true });
    writeFileSync(join(folder, 'Chart.yaml'), JSON.stringify({ apiVersion: 'v2', name, version: '1.0.0' }));
    for (const [file, object] of Object.entries(objects)) {
      writeFileSync(join(folder, 'templates', `${file}.yaml`), JSON.stringify(object));
    }
    return folder;
  };
  const helmSays = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await helm.run([...args, '--kubeconfig', cluster.kubeconfig]);
    return stdout + stderr;
  };

  it('are installed, updated, brought back when an update fails, and removed with their volumes left', {
    timeout: 300_000,
  }, async () => {
    const trial = await begin({ helm: { otlp: [{ values: 'env' }] }, ...{ otlp: { http: 'http://collector:4318' } } });
    const { target } = trial;
    const where = place();
    const name = releaseName('tutti', where.id, 'monitor');
    await core.createPersistentVolume({
      body: {
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Mi' },
          storageClassName: 'none',
          hostPath: { path: '/tmp' },
          claimRef: { namespace: where.namespace, name },
        },
      },
    });
    const told = call();
    const first = { parameters: { claim: true, 'image.tag': '1.0', replicas: 3, 'ports[0].port': 80 } };
    await target.apply(chartApplication(repository, '1.0.0', first, where), 'monitor', told);
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'running' });
    expect(await valuesIn(where)).toEqual({
      claim: true,
      image: { tag: '1.0' },
      replicas: 3,
      ports: [{ port: 80 }],
      imagePullSecrets: [{ name: `${name}-pull` }],
      env: expect.arrayContaining([{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector:4318' }]),
    });
    const pull = await core.readNamespacedSecret({ namespace: where.namespace, name: `${name}-pull` });
    expect(pull.type).toBe('kubernetes.io/dockerconfigjson');
    expect(target.health?.()).toMatchObject({ status: 'ok', reason: expect.stringContaining('Helm by cli: ') });

    // What is so already is not done again.
    await target.apply(chartApplication(repository, '1.0.0', first, where), 'monitor', call());
    expect(await helmSays('history', name, '-n', where.namespace, '-o', 'json')).toContain('"revision":1');
    expect(await helmSays('history', name, '-n', where.namespace, '-o', 'json')).not.toContain('"revision":2');

    await target.apply(
      chartApplication(repository, '2.0.0_build.7', { parameters: { claim: true, a: 'b' } }, where),
      'monitor',
      call(),
    );
    expect(await valuesIn(where)).toMatchObject({ a: 'b' });
    const good = await componentOf(trial, where.id);
    expect(good).toMatchObject({ phase: 'running' });

    const failing = { parameters: { claim: true, run: 'echo no database; exit 3' }, timeout: 12_000 };
    const fault = await faultOf(target.apply(chartApplication(repository, '1.1.0', failing, where), 'monitor', call()));
    expect(fault).toMatchObject({ code: 'timeout', retry: true });
    expect(fault.message).toMatch(/container main of pod monitor-.+ with exit code 3/);
    expect(fault.message).toContain('no database');
    expect(fault.message).toContain('revision 2.0.0_build.7 was brought back');
    await expect.poll(() => componentOf(trial, where.id)).toMatchObject({ phase: 'running' });
    expect(await componentOf(trial, where.id)).toEqual(good);
    expect(await valuesIn(where)).toMatchObject({ a: 'b' });

    await target.remove({ id: where.id, name: 'Line monitor' }, 'monitor', false, call());
    expect(await componentOf(trial, where.id)).toBeUndefined();
    expect(await helmSays('list', '-A', '-q')).not.toContain(name);
    const claim = { namespace: where.namespace, name };
    expect((await core.readNamespacedPersistentVolumeClaim(claim)).metadata?.deletionTimestamp).toBeUndefined();
    await target.remove({ id: where.id, name: 'Line monitor' }, 'monitor', true, call());
    await expect.poll(() => core.readNamespacedPersistentVolumeClaim(claim).catch(({ code }) => code)).toBe(404);

    expect(JSON.stringify([trial.log.lines, told.told])).not.toContain(credentials.password);
    expect(readdirSync(join(trial.dataDir, 'k3s'))).toEqual([]);
  });

  it('are not had with a wrong password, a wrong authority, or under a wrong version, and nothing is changed', {
    timeout: 120_000,
  }, async () => {
    const where = place();
    const wrongAuthority = (await selfSigned(['127.0.0.1'])).ca;
    const cases: readonly [Parameters<typeof begin>[0], string, RegExp][] = [
      [
        { registries: [{ host: registry.host, username: 'ada', password: 'wrong horse' }] },
        '1.0.0',
        /40[13]|unauthorized|credential/i,
      ],
      [{ registries: [] }, '1.0.0', /40[13]|unauthorized|credential/i],
      [{ helm: { ca: 'wrong.pem' } }, '1.0.0', /certificate|x509/],
      [{}, '9.9.9', /not found/],
    ];
    for (const [config, version, reason] of cases) {
      const trial = await begin(config);
      writeFileSync(join(trial.dataDir, 'wrong.pem'), wrongAuthority);
      const fault = await faultOf(
        trial.target.apply(chartApplication(repository, version, {}, where), 'monitor', call()),
      );
      expect(fault).toMatchObject({ code: 'artifact', retry: true });
      expect(fault.message).toMatch(reason);
      expect(JSON.stringify([fault.message, trial.log.lines])).not.toMatch(/horse/);
      expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'failed', reason: fault.message });
      await trial.target.remove({ id: where.id, name: '' }, 'monitor', false, call());
    }
    expect(await helmSays('list', '-A', '-a', '-q')).not.toContain(releaseName('tutti', where.id, 'monitor'));
  });

  it('get on after helm was killed in the middle of an installation, and of an update', {
    timeout: 300_000,
  }, async () => {
    const trial = await begin();
    const { target } = trial;
    const where = place();
    const name = releaseName('tutti', where.id, 'monitor');
    const stuck = { parameters: { ready: 'exit 1' } };
    const statusOf = async (): Promise<string | undefined> => {
      const labelSelector = `owner=helm,name=${name}`;
      const { items } = await core.listNamespacedSecret({ namespace: where.namespace, labelSelector });
      const newest = items.toSorted(
        (a, b) => Number(b.metadata?.labels?.['version']) - Number(a.metadata?.labels?.['version']),
      );
      return newest[0]?.metadata?.labels?.['status'];
    };
    /** Helm alone is killed, and the agent lives on. */
    const killed = async (status: string): Promise<TargetFault> => {
      const applying = faultOf(target.apply(chartApplication(repository, '1.0.0', stuck, where), 'monitor', call()));
      await vi.waitUntil(async () => (await statusOf()) === status, { timeout: 60_000 });
      process.kill(Number(readFileSync(join(trial.dataDir, 'k3s', `${name}.pid`), 'utf8')), 'SIGKILL');
      return applying;
    };
    const first = await killed('pending-install');
    expect(first).toMatchObject({ retry: true, message: expect.stringContaining('it was ended by SIGKILL') });
    expect(await statusOf()).toBe('pending-install');
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'installing', reason: first.message });
    await target.apply(chartApplication(repository, '1.0.0', {}, where), 'monitor', call());
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'running' });

    // With something to go back to that is done at once.
    const second = await killed('pending-upgrade');
    expect(second.message).toContain('revision 1.0.0 was brought back');
    await expect.poll(() => componentOf(trial, where.id)).toMatchObject({ phase: 'running' });

    // The agent ends its helm when it is told to stop waiting, and gets on from there as well.
    const abort = new AbortController();
    const applying = target.apply(chartApplication(repository, '1.0.0', stuck, where), 'monitor', {
      ...call(),
      signal: abort.signal,
    });
    const aborted = applying.catch((error: unknown) => error);
    await vi.waitUntil(async () => (await statusOf()) === 'pending-upgrade', { timeout: 60_000 });
    const pid = Number(readFileSync(join(trial.dataDir, 'k3s', `${name}.pid`), 'utf8'));
    abort.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await statusOf()).toBe('pending-upgrade');
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'installing' });
    const again = await trial.again();
    await again.apply(chartApplication(repository, '1.1.0', {}, where), 'monitor', call());
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'running' });
    expect(await statusOf()).toBe('deployed');
    await target.remove({ id: where.id, name: '' }, 'monitor', true, call());
    expect(await statusOf()).toBeUndefined();
  });

  it('go on from a revision that failed or was left unfinished, once settled, as Helm does from one that is deployed', {
    timeout: 120_000,
  }, async () => {
    const trial = await begin();
    const { namespace } = place();
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const spec = { clusterIP: '203.0.113.1', ports: [{ port: 80 }] };
    const refused = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'refused' }, spec };
    const maps = async () => {
      const { items } = await core.listNamespacedConfigMap({ namespace });
      return items.map(({ metadata }) => metadata?.name).filter((name) => name !== 'kube-root-ca.crt');
    };
    const access = new Access({ config: { kubeconfig: cluster.kubeconfig }, resolvePath: (path) => path, env: {} });
    const api = new Cluster(access, 30_000);
    const { signal } = new AbortController();
    const history = () => releaseHistory(api, { release: 'web', namespace }, signal);
    const upgrade = (chart: string) => helmSays('upgrade', 'web', chart, '-n', namespace);

    const failing = chartFolder(trial, 'failing', { one: map('one'), refused });
    expect(await helmSays('install', 'web', failing, '-n', namespace, '--create-namespace')).toContain('clusterIP');
    expect([await maps(), (await history())[0]?.status]).toEqual([['one'], 'failed']);
    await settle(api, await history(), signal);
    expect(await upgrade(chartFolder(trial, 'second', { two: map('two') }))).toContain('STATUS: deployed');
    expect(await maps()).toEqual(['two']);

    const [newest] = await history();
    if (newest === undefined) throw new Error('Helm has no record of the release');
    const pending = { status: 'pending-upgrade' } as const;
    const unfinished = ({ info, ...payload }: ReleasePayload) => ({
      ...{ payload: { ...payload, info: { ...info, ...pending } }, labels: pending },
    });
    await rewriteRecord(api, newest, unfinished, signal);
    const third = chartFolder(trial, 'third', { three: map('three') });
    expect(await upgrade(third)).toContain('another operation');
    await settle(api, await history(), signal);
    expect(await upgrade(third)).toContain('STATUS: deployed');
    expect(await maps()).toEqual(['three']);
    access.close();
  });

  it('leave a release of the same name alone that is not ours', { timeout: 120_000 }, async () => {
    const trial = await begin();
    const where = place();
    const name = releaseName('tutti', where.id, 'monitor');
    const folder = chartFolder(trial, 'foreign', {});
    expect(await helmSays('install', name, folder, '-n', where.namespace, '--create-namespace')).toContain('deployed');
    const fault = await faultOf(
      trial.target.apply(chartApplication(repository, '1.0.0', {}, where), 'monitor', call()),
    );
    expect(fault.message).toContain(`Helm release ${name} in namespace ${where.namespace} is not ours`);
    const removing = trial.target.remove({ id: where.id, name: '' }, 'monitor', false, call());
    expect((await faultOf(removing)).message).toContain('is not ours');
    expect(await helmSays('status', name, '-n', where.namespace)).toContain('STATUS: deployed');
  });
});
