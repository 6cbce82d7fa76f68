import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlayedRequest } from '../../../../test/parts/played-api.js';
import { refused } from '../../../../test/target/played-cluster.js';
import { configMap, type PlayedK3s, playK3s } from '../../../../test/target/played-k3s.js';
import { call, faultOf } from '../../../../test/target/trial.js';
import type { KubernetesObject } from '../kubernetes.js';
import { releaseKey } from '../marks.js';
import { recordName } from './record.js';

let played: PlayedK3s;
beforeEach(async () => {
  played = await playK3s();
});
afterEach(() => played.dispose());

const apply = async (revision: string, ...objects: readonly object[]) => {
  const application = await played.push(revision, objects);
  await played.target.apply(application, 'monitor', call());
  return application;
};
const name = recordName('tutti', 'app', 'monitor');

describe('a record', () => {
  it("that is damaged is its own component's trouble alone", async () => {
    await apply('1.0.0', configMap('recipe'));
    const record = played.cluster.find('Secret', name);
    if (record === undefined) throw new Error('there is no record');
    const { annotations, labels, ...metadata } = record.metadata;
    const other = recordName('tutti', 'other', 'monitor');
    played.cluster.put({
      ...record,
      metadata: {
        ...{ ...metadata, name: other, uid: 'other' },
        labels: { ...labels, 'tutti.dev/release': releaseKey('tutti', 'other', 'monitor') },
        annotations: { ...annotations, 'tutti.dev/application': 'other' },
      },
      data: { record: 'AAAA' },
    });
    const told = Object.fromEntries((await played.target.actual()).map(({ id, components }) => [id, components[0]]));
    expect(told['app']).toMatchObject({ phase: 'running' });
    const reason = `Secret line/${other}, which says what monitor is, cannot be read; delete it and deploy again`;
    expect(told['other']).toMatchObject({ phase: 'failed', reason });
    await apply('2.0.0', configMap('recipe', 'b'));
    expect(await faultOf(played.target.remove({ id: 'other', name: 'Other' }, 'monitor', false, call()))).toMatchObject(
      {
        ...{ code: 'platform', message: reason },
      },
    );
  });

  it('is none that a component brings', async () => {
    const junk = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'junk' }, type: 'tutti.dev/release.v1' };
    const fault = await faultOf(apply('1.0.0', junk));
    expect(fault.message).toContain('Secret junk: type tutti.dev/release.v1 is for what we keep ourselves');
    expect(played.cluster.changes()).toEqual([]);
  });
});

describe('a namespace of ours', () => {
  beforeEach(() => {
    const labels = { 'tutti.dev/owner': 'tutti' };
    played.cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'line', labels } });
  });

  it('goes with the last component in it', async () => {
    const application = await apply('1.0.0', configMap('recipe'));
    await played.target.remove(application, 'monitor', false, call());
    expect(played.cluster.find('Namespace', 'line')).toBeUndefined();
  });

  it.each([
    ['the API of a group is away', '/apis/batch/v1', 503],
    ['a kind is not for us to see', '/apis/batch/v1/namespaces/line/jobs', 403],
  ])('stays, and the component goes, where %s', async (_, path, status) => {
    const application = await apply('1.0.0', configMap('recipe'));
    played.cluster.answer = (request) =>
      request.path === path ? refused(status, 'Away', 'nobody can say') : undefined;
    await played.target.remove(application, 'monitor', false, call());
    expect(played.cluster.find('Namespace', 'line')).toBeDefined();
    expect(await played.target.actual()).toEqual([]);
    expect(played.log.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^namespace line stays, for nobody can tell whether it is empty: .*nobody can say/),
    ]);
  });
});

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
const value = (): unknown =>
  (played.cluster.find('ConfigMap', 'recipe')?.['data'] as { value: unknown } | undefined)?.value;

describe('a revision that the cluster does not take', () => {
  const refuseService = (when: (request: PlayedRequest) => boolean): void => {
    played.cluster.answer = (request) =>
      request.method === 'PATCH' && request.path.endsWith('/services/web') && when(request)
        ? refused(422, 'Invalid', 'spec.ports: Required value')
        : undefined;
  };
  const isTrial = ({ query }: PlayedRequest): boolean => query.get('dryRun') !== null;

  it('changes nothing where a trial shows it, also of an object that is not there yet', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    refuseService(isTrial);
    played.cluster.forget();
    const fault = await faultOf(apply('2.0.0', configMap('recipe', 'b'), service));
    expect(fault).toMatchObject({ code: 'invalid', message: expect.stringContaining('Service line/web is refused') });
    expect(played.cluster.changes().filter((change) => !change.endsWith('(dry run)'))).toEqual([]);
    expect(value()).toBe('a');
  });

  it('goes, and the one before comes back, where it shows in the middle', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    refuseService((request) => !isTrial(request));
    const fault = await faultOf(apply('2.0.0', configMap('recipe', 'b'), configMap('new'), service));
    expect(fault.code).toBe('invalid');
    expect(fault.message).toMatch(/Service line\/web is refused .*\nrevision 1\.0\.0 was brought back$/);
    expect([value(), played.cluster.find('ConfigMap', 'new')]).toEqual(['a', undefined]);
    expect((await played.target.actual())[0]?.components[0]?.phase).toBe('running');
  });

  it('says so where the one before does not come back either', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    let refusals = 0;
    refuseService((request) => !isTrial(request) && ++refusals > 0);
    const without = played.cluster.answer;
    played.cluster.answer = (request) =>
      without(request) ??
      (refusals > 0 && request.method === 'PATCH' ? refused(500, 'Broken', 'etcd is full') : undefined);
    const fault = await faultOf(apply('2.0.0', configMap('recipe', 'b'), service));
    expect(fault.message).toMatch(
      /^Service line\/web is refused .*\nthe revision before could not be brought back: .*etcd is full/,
    );
  });

  it('is gone back from to what was once seen to run, whether or not that runs just then', async () => {
    const first = await played.push('1.0.0', [configMap('recipe', 'a')], { wait: true });
    await played.target.apply(first, 'monitor', call());
    const labels = { 'tutti.dev/release': releaseKey('tutti', 'app', 'monitor') };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'line', labels } };
    played.cluster.put({ ...pod, spec: {}, status: { phase: 'Failed' } });
    expect((await played.target.actual())[0]?.components[0]?.phase).toBe('failed');
    refuseService((request) => !isTrial(request));
    const fault = await faultOf(apply('2.0.0', configMap('recipe', 'b'), service));
    expect(fault.message).toContain('revision 1.0.0 was brought back');
  });

  it('leaves everything where it is when it cannot even be had', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    await apply('2.0.0', configMap('recipe', 'b'));
    const missing = await played.push('3.0.0', [configMap('recipe', 'c')]);
    played.registry.unreachable = true;
    expect(await faultOf(played.target.apply(missing, 'monitor', call()))).toMatchObject({ code: 'artifact' });
    expect(value()).toBe('b');
  });

  it('is tried with nothing that only its own objects bring, or a webhook that cannot be tried', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    const answers = [refused(403, 'Forbidden', 'no service account line/web'), refused(404, 'NotFound')];
    answers.push(refused(400, 'BadRequest', 'admission webhook "x" does not support dry run'));
    for (const [at, answer] of answers.entries()) {
      played.cluster.answer = (request) => (isTrial(request) && request.path.endsWith('/web') ? answer : undefined);
      await apply(`2.0.${at}`, configMap('recipe', `b${at}`), { ...service, metadata: { name: 'web' } });
      played.cluster.answer = () => undefined;
      await apply(`3.0.${at}`, configMap('recipe', 'c'));
    }
    expect(value()).toBe('c');
  });
});

describe('an object', () => {
  it.each([
    ['Job', 'batch/v1', { conditions: [{ type: 'Failed', status: 'True' }] }],
    ['Pod', 'v1', { phase: 'Failed', reason: 'Evicted' }],
  ])('%s that has failed for good is made anew by the next attempt', async (kind, apiVersion, status) => {
    const object = { apiVersion, kind, metadata: { name: 'task' }, spec: {} };
    await apply('1.0.0', object);
    const made = played.cluster.find(kind, 'task');
    if (made === undefined) throw new Error('it was not made');
    played.cluster.put({ ...made, status });
    await apply('1.0.0', object);
    expect(played.cluster.find(kind, 'task')?.metadata.uid).not.toBe(made.metadata.uid);
    expect(played.cluster.find(kind, 'task')?.['status']).toBeUndefined();
  });

  it('that somebody else makes between the trial and the change is let be', async () => {
    played.cluster.answer = ({ query, path }) => {
      const isTrial = query.get('dryRun') !== null && path.endsWith('/recipe');
      const theirs = configMap('recipe', 'theirs');
      if (isTrial) played.cluster.put({ ...theirs, metadata: { ...theirs.metadata, namespace: 'line' } });
      return undefined;
    };
    expect((await faultOf(apply('1.0.0', configMap('recipe')))).message).toContain('was not made by us; it is let be');
    expect(value()).toBe('theirs');
  });

  it('whose fields we set by a patch is let go of before they are applied anew', async () => {
    await apply('1.0.0', configMap('recipe', 'a'));
    const found = played.cluster.find('ConfigMap', 'recipe');
    if (found === undefined) throw new Error('it was not made');
    const ours = { manager: 'tutti', operation: 'Apply' };
    const others = [ours, { manager: 'kubectl', operation: 'Update' }];
    const managedFields = [...others, { manager: 'tutti', operation: 'Update' }];
    played.cluster.put({ ...found, metadata: { ...found.metadata, managedFields } as KubernetesObject['metadata'] });
    await apply('2.0.0', configMap('recipe', 'b'));
    expect(played.cluster.find('ConfigMap', 'recipe')?.metadata).toMatchObject({ managedFields: others });
  });
});

it('does not take a changed namespace for what is already so', async () => {
  const application = await apply('1.0.0', configMap('recipe'));
  const moved = { ...application, namespace: 'elsewhere' };
  const cannot = 'monitor is in namespace line, and cannot move to elsewhere; remove it first';
  expect((await faultOf(played.target.apply(moved, 'monitor', call()))).message).toBe(cannot);
});

it('looks at a Job that is in another namespace', async () => {
  await played.dispose();
  played = await playK3s({ allow: ['other-namespaces'] });
  played.cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'jobs' } });
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'once', image: 'reg.test/once:1' }] } };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once', namespace: 'jobs' },
    spec: { template },
  };
  await apply('1.0.0', job);
  const found = played.cluster.find('Job', 'once');
  if (found === undefined) throw new Error('there is no Job');
  const conditions = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'it fails' }];
  played.cluster.put({ ...found, status: { conditions } });
  const [told] = await played.target.actual();
  expect(told?.components[0]).toMatchObject({ phase: 'failed' });
});
