import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MountedOperation } from '../../core/plugin/index.js';
import type { Device } from '../device-api/device.js';
import type { Answer } from '../device-api/http.js';
import { send } from '../device-api/http.js';
import { startWfm, type Wfm } from '../device-api/wfm.js';
import { type Nonsense, nonsenseFor } from './inputs.js';

const numRuns = Number(process.env['TUTTI_FUZZ_RUNS'] ?? 60);

/** Would end the test's own means, when they are given its own ids. */
const sparing = /^(?:devices\.(?:delete|revoke|reject)|tokens\.revoke|packages\.delete)$/;

describe.each(['{ type: state.observed }', '{ type: state.sqlite }'])('every operation, on the store %s', (store) => {
  let wfm: Wfm;
  let device: Device;
  let known: string[];
  beforeAll(async () => {
    wfm = await startWfm({ store });
    device = await wfm.ready();
    const packageId = await wfm.importPackage('1.0.0');
    const id = await wfm.deploy(packageId, device);
    const { deployments } = (await device.poll()).json as { deployments: { digest: string }[] };
    known = [device.clientId, packageId, id, deployments[0]?.digest ?? '', 'edge-1'];
  });
  afterAll(() => wfm.stop());

  /** What is written in answer to a call, without what follows in the background upon earlier ones. */
  const written = async (): Promise<string> =>
    (await wfm.dump())
      .split('\n')
      .filter((line) => !/^(?:manifests|manifest-blobs|packages|package-claims|package-resources)\//.test(line))
      .join('\n');

  const ask = (mounted: MountedOperation, { params, query, body, headers }: Nonsense): Promise<Answer> => {
    const { method, path: template } = mounted.operation.http;
    const filled = template.replaceAll(/\{([^}+]+)\+?\}/g, (_, name: string) => {
      // Most requests shall get past the signature: the address of a client is its own.
      const value = name === 'clientId' && params[name]?.length !== 0 ? device.clientId : (params[name] ?? '');
      return encodeURIComponent(value);
    });
    const path = `${mounted.prefix}${filled}${query === '' ? '' : `?${query}`}`;
    const { kinds } = mounted.operation.access;
    if (!kinds.includes('user')) return device.ask({ method, path, headers, ...(body && { body }) });
    const credentials = { Authorization: `Bearer ${wfm.token}`, 'Content-Type': 'application/json' };
    return send(wfm.host.url, { method, path, body, headers: { ...credentials, ...headers } });
  };

  it('answers nonsense with a problem, and is not changed by what it refuses', async () => {
    const operations = wfm.surface.operations.filter(({ operation }) => operation.output.kind !== 'stream');
    expect(operations.length).toBeGreaterThan(25);
    for (const mounted of operations) {
      const ids = sparing.test(mounted.operation.id) ? ['none'] : known;
      const look = store.includes('observed') && mounted.operation.http.method !== 'GET';
      await fc.assert(
        fc.asyncProperty(nonsenseFor(mounted, ids), async (nonsense) => {
          const before = look ? await written() : '';
          const answer = await ask(mounted, nonsense);
          const label = `${mounted.operation.id}: ${answer.status} ${answer.text}`;
          if (answer.status < 400) return;
          expect(answer.status, label).not.toBe(500);
          expect(answer.headers['content-type'], label).toBe('application/problem+json');
          expect(answer.json, label).toMatchObject({
            type: expect.any(String),
            title: expect.any(String),
            status: answer.status,
            detail: expect.any(String),
          });
          if (mounted.prefix === '/api/v1') expect(answer.json, label).toMatchObject({ error: expect.any(String) });
          if (look) expect(await written(), label).toBe(before);
        }),
        { numRuns, endOnFailure: true },
      );
    }
    expect(wfm.host.log()).not.toMatch(/"level":"error"/);
  }, 240_000);
});
