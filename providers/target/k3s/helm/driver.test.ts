import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PlayedK3s, playK3s } from '../../../../test/target/played-k3s.js';
import { marksOf } from '../marks.js';
import { memoKey, memoType } from './memo.js';

let played: PlayedK3s;
beforeEach(async () => {
  played = await playK3s({ deploymentTypes: ['helm'], helm: { program: '/nowhere/helm' } });
});
afterEach(() => played.dispose());

it("takes a memo that is damaged for its own component's trouble alone, and another Secret of its type for none", async () => {
  const mark = { owner: 'tutti', application: { id: 'app', name: 'Line monitor' }, component: 'monitor' };
  const { name, ...place } = memoKey(mark, 'line');
  const secret = { ...place, type: memoType, data: { memo: 'AAAA' } };
  for (const each of [name, 'junk']) {
    played.cluster.put({ ...secret, metadata: { name: each, namespace: 'line', ...marksOf(mark) } });
  }
  const reason = `Secret line/${name}, which says what monitor is, cannot be read; delete it and deploy again`;
  expect(await played.target.actual()).toEqual([
    { id: 'app', name: 'Line monitor', components: [{ name: 'monitor', phase: 'failed', reason }] },
  ]);
});
