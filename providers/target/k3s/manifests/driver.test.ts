import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refused } from '../../../../test/target/played-cluster.js';
import { configMap, type PlayedK3s, playK3s } from '../../../../test/target/played-k3s.js';
import { call, faultOf } from '../../../../test/target/trial.js';
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
