import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { description } from '../device-api/registry.js';
import { expectProblem, type Reply } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
beforeAll(async () => {
  wfm = await startWfm();
});
afterAll(() => wfm[Symbol.asyncDispose]());

interface Finding {
  readonly path: string;
  readonly message: string;
  readonly code: string;
  readonly line?: number;
}
interface Status {
  readonly state: string;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly contextualInfo?: { readonly code: string; readonly message: string };
}
const statusOf = ({ json }: Reply): Status => json['status'] as Status;
const example = (name: string): Promise<string> =>
  readFile(new URL(`../../managers/margo/application/testdata/${name}.yaml`, import.meta.url), 'utf8');
const post = (body: unknown): Promise<Reply> => wfm.ask('POST', '/packages', { body });

describe('an import', () => {
  it('is accepted at once, and is there under its location until it is onboarded', async () => {
    const reply = await post(wfm.packageRequest('1.0.0'));
    expect(reply.status).toBe(202);
    expect(statusOf(reply).state).toBe('PENDING');
    expect(reply.json['recentOperation']).toEqual({ op: 'ONBOARD', status: 'PENDING' });
    const location = reply.headers.get('location') ?? '';
    expect(location).toBe(`/nbi/v1/app-packages/${reply.json['id']}`);
    expect((await wfm.ask('GET', location.replace('/nbi/v1', ''))).json['id']).toBe(reply.json['id']);
    const done = await wfm.imported(String(reply.json['id']));
    expect(statusOf(done)).toMatchObject({
      state: 'ONBOARDED',
      faults: [],
      warnings: [{ path: 'apiVersion', line: 2, code: 'old-form' }],
    });
    expect(done.json).toMatchObject({
      kind: 'ApplicationPackage',
      recentOperation: { op: 'ONBOARD', status: 'COMPLETED' },
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      application: { id: 'com-acme-line-monitor', version: '1.0.0', parameters: { pollSeconds: 30 } },
    });
  });

  it('says all that is wrong with a package that cannot be deployed', async () => {
    const { json } = await post(wfm.packageRequest('broken', await example('broken')));
    const failed = await wfm.imported(String(json['id']));
    const { state, faults, contextualInfo } = statusOf(failed);
    expect(state).toBe('FAILED');
    expect(failed.json['recentOperation']).toEqual({ op: 'ONBOARD', status: 'FAILED' });
    expect(faults.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'id',
        'deploymentProfiles[0].type',
        'deploymentProfiles[1].id',
        'deploymentProfiles[1].components[2].name',
        'deploymentProfiles[1].components[2].properties.repository',
      ]),
    );
    for (const { path, message, code } of faults) {
      expect(message).toMatch(/\w+ \w+/);
      expect(code).toMatch(/^[a-z-]+$/);
      expect(contextualInfo?.message).toContain(`${path}: ${message}`);
    }
    expect(faults.filter(({ line }) => line !== undefined).length).toBeGreaterThan(5);
  });

  it('takes a package with small faults with warnings, and refuses it when it shall be strict', async () => {
    const request = wfm.packageRequest('wild', await example('wild'));
    const strict = await post({ ...request, spec: { ...request.spec, strict: true } });
    expect(strict.json['spec']).toMatchObject({ strict: true });
    const refused = statusOf(await wfm.imported(String(strict.json['id'])));
    expect(refused.state).toBe('FAILED');
    expect(refused.faults.length).toBeGreaterThan(3);
    // What failed is in nobody's way.
    const lenient = await post(request);
    expect(lenient.status).toBe(202);
    const taken = statusOf(await wfm.imported(String(lenient.json['id'])));
    expect(taken.state).toBe('ONBOARDED');
    expect(taken.warnings.map(({ path }) => path)).toEqual(
      expect.arrayContaining(refused.faults.map((one) => one.path)),
    );
  });

  it('fails readably when there is nothing to import', async () => {
    const request = wfm.packageRequest('1.0.0');
    const cases: [object, RegExp][] = [
      [{ tag: 'none' }, /none/],
      [{ repository: 'apps/none' }, /apps\/none/],
      [{ registryUrl: 'https://elsewhere.example' }, /elsewhere\.example/],
    ];
    for (const [change, why] of cases) {
      const reply = await post({ ...request, spec: { source: { ...request.spec.source, ...change } } });
      expect(reply.status).toBe(202);
      const { state, contextualInfo } = statusOf(await wfm.imported(String(reply.json['id'])));
      expect(state).toBe('FAILED');
      expect(contextualInfo).toMatchObject({ code: 'IMPORT_FAILED', message: expect.stringMatching(why) });
    }
  });

  it('of what is there already is 409 and names it; the same version with other content fails', async () => {
    const request = wfm.packageRequest('2.0.0');
    const first = String((await post(request)).json['id']);
    const again = await post(request);
    expectProblem(again, 409, new RegExp(first));
    expect(again.json['packageId']).toBe(first);
    await wfm.imported(first);
    expectProblem(await post(request), 409);
    const other = wfm.packageRequest('2.0.0-again', description('2.0.0').replace('Line monitor', 'Lime monitor'));
    const { status, json } = await post(other);
    expect(status).toBe(202);
    const { state, contextualInfo } = statusOf(await wfm.imported(String(json['id'])));
    expect([state, contextualInfo?.message]).toEqual(['FAILED', expect.stringContaining(first)]);
  });

  it('may name a digest, and must name exactly one thing', async () => {
    const { json } = await wfm.ask('GET', `/packages/${await wfm.importPackage('3.0.0')}`);
    await wfm.ask('DELETE', `/packages/${json['id']}`);
    const { source } = wfm.packageRequest('3.0.0').spec as { source: { registryUrl: string; repository: string } };
    const { registryUrl, repository } = source;
    const by = (more: object): Promise<Reply> =>
      post({ metadata: { name: 'line' }, spec: { source: { registryUrl, repository, ...more } } });
    const reply = await by({ digest: json['digest'] });
    expect(statusOf(await wfm.imported(String(reply.json['id'])))).toMatchObject({ state: 'ONBOARDED' });
    const digest = `sha256:${createHash('sha256').digest('hex')}`;
    for (const more of [{}, { tag: '1', digest }]) expect(expectProblem(await by(more), 422)).toEqual(['spec.source']);
    expect(expectProblem(await by({ digest: 'sha256:ab' }), 422)).toEqual(['spec.source.digest']);
  });
});

describe('a package that is deleted', () => {
  it('is gone, and can be imported again', async () => {
    const id = await wfm.importPackage('4.0.0');
    const reply = await wfm.ask('DELETE', `/packages/${id}`);
    expect([reply.status, reply.json['id']]).toEqual([202, id]);
    expectProblem(await wfm.ask('GET', `/packages/${id}`), 404);
    expectProblem(await wfm.ask('DELETE', `/packages/${id}`), 404);
    expect(await wfm.importPackage('4.0.0')).not.toBe(id);
  });

  it('must not be in use, unless it is forced', async () => {
    const id = await wfm.importPackage('5.0.0');
    const deployment = await wfm.deploy(id, await wfm.ready());
    expectProblem(await wfm.ask('DELETE', `/packages/${id}`), 409, /used by 1 deployment$/);
    expectProblem(await wfm.ask('DELETE', `/packages/${id}?force=false`), 409);
    expectProblem(await wfm.ask('DELETE', `/packages/${id}?force=yes`), 422, /force/);
    expect((await wfm.ask('GET', `/packages/${id}`)).status).toBe(200);
    expect((await wfm.ask('DELETE', `/packages/${id}?force=true`)).status).toBe(202);
    expectProblem(await wfm.ask('GET', `/packages/${id}`), 404);
    expect((await wfm.ask('GET', `/deployments/${deployment}`)).status).toBe(200);
  });
});
