import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMap, type PlayedK3s, playK3s } from '../../../test/target/played-k3s.js';
import { call, faultOf } from '../../../test/target/trial.js';
import { memoKey, writtenMemo } from './helm/memo.js';

let directory: string;
let played: PlayedK3s;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-k3s-'));
  const program = join(directory, 'helm');
  writeFileSync(program, '#!/bin/sh\necho v3.16.4+g7877b45\n', { mode: 0o755 });
  played = await playK3s({ deploymentTypes: ['custom', 'helm'], helm: { program } });
});
afterEach(async () => {
  await played.dispose();
  rmSync(directory, { recursive: true });
});

describe('what is there of another deployment type', () => {
  it('stays when the chart in its place cannot be had', async () => {
    const { target, registry, cluster } = played;
    const application = await played.push('1.0.0', [configMap('recipe')]);
    await target.apply(application, 'monitor', call());
    registry.unreachable = true;
    const fault = await faultOf(target.apply({ ...application, deploymentType: 'helm' }, 'monitor', call()));
    expect(fault).toMatchObject({ code: 'artifact', message: expect.stringContaining('nobody answers') });
    expect(cluster.find('ConfigMap', 'recipe')).toBeDefined();
  });

  it('stays when the manifests in its place cannot be had, and goes when they can', async () => {
    const { target, registry, cluster } = played;
    const mark = { owner: 'tutti', application: { id: 'app', name: 'Line monitor' }, component: 'monitor' };
    const goal = { applied: 'f00', revision: '1', chart: { chart: 'oci://registry.test/x' }, values: {} };
    cluster.put(
      writtenMemo({ format: 1, way: 'cli', release: 'web', namespace: 'line', mark, after: 0, claimed: true, goal }),
    );
    const { name } = memoKey(mark, 'line');
    const application = await played.push('1.0.0', [configMap('recipe')]);
    registry.unreachable = true;
    expect(await faultOf(target.apply(application, 'monitor', call()))).toMatchObject({ code: 'artifact' });
    expect(cluster.find('Secret', name)).toBeDefined();
    registry.unreachable = false;
    await target.apply(application, 'monitor', call());
    expect(cluster.find('Secret', name)).toBeUndefined();
    expect(cluster.find('ConfigMap', 'recipe')).toBeDefined();
  });
});
