import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  fieldsOf,
  httpForm,
  type OutgoingCall,
  Problem,
  problems,
  TransportFault,
} from '../../../core/plugin/index.js';
import { manualClock } from '../../../core/testing/index.js';
import { SignedFleetManager } from './client.js';
import { deviceIdentity } from './identity.js';

const { signal } = new AbortController();
const digest = `sha256:${'0'.repeat(64)}`;
const status = { deploymentId: 'd', state: 'installed', components: [{ name: 'main', state: 'installed' }] } as const;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-signed-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A device whose other side answers what the test says. */
async function device(answer: (call: OutgoingCall) => Answer) {
  const calls: { method: string; target: string; body: unknown; fields: Record<string, string> }[] = [];
  const wfm = new SignedFleetManager({
    transport: {
      address: 'played://wfm',
      call: async (call) => {
        const { method, target, body } = httpForm(call.operation, call.prefix, call.input);
        const read = body && (JSON.parse(Buffer.from(body).toString()) as unknown);
        calls.push({ method, target, body: read, fields: fieldsOf(call, 'https://wfm') });
        return answer(call);
      },
      close: async () => undefined,
    },
    prefix: '/api/v1',
    timeout: 1000,
    clock: manualClock(),
    identity: () => deviceIdentity(directory, 'edge', {}, Date.now()),
  });
  await wfm.start();
  return { wfm, calls };
}
const value = (given: unknown): Answer => ({ kind: 'value', outcome: 'ok', value: given });

describe('the line to a fleet manager', () => {
  it('asks for what the standard has, signed', async () => {
    const answers: Record<string, Answer> = {
      'onboarding.onboard': value({ clientId: 'c/1' }),
      'deployments.manifest': {
        kind: 'representation',
        outcome: 'ok',
        bytes: Buffer.from('{}'),
        mediaType: 'application/json',
        etag: 'e',
      },
      'deployments.bundle': { kind: 'representation', outcome: 'ok', bytes: Buffer.from('b'), mediaType: 'x' },
      'deployments.deployment': { kind: 'representation', outcome: 'ok', bytes: Buffer.from('d'), mediaType: 'x' },
    };
    const { wfm, calls } = await device(({ operation }) => answers[operation.id] ?? { kind: 'empty' });
    expect(await wfm.enroll(signal)).toBe('c/1');
    // Servers answer a report with anything.
    await wfm.reportCapabilities('c/1', { kind: 'Caps' }, signal);
    expect(await wfm.manifest('c/1', 'old', signal)).toEqual({ bytes: Buffer.from('{}'), etag: 'e' });
    expect(Buffer.from(await wfm.bundle('c/1', digest, 10, signal)).toString()).toBe('b');
    expect(Buffer.from(await wfm.deployment('c/1', 'd', digest, 10, signal)).toString()).toBe('d');
    await wfm.reportStatus('c/1', status, signal);
    expect(calls.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /api/v1/onboarding',
      'POST /api/v1/clients/c%2F1/capabilities',
      'GET /api/v1/clients/c%2F1/deployments',
      `GET /api/v1/clients/c%2F1/bundles/${digest}`,
      `GET /api/v1/clients/c%2F1/deployments/d/${digest}`,
      'POST /api/v1/clients/c%2F1/deployments/d/status',
    ]);
    const [onboarding, capabilities, manifest] = calls;
    expect(onboarding?.body).toMatchObject({ kind: 'OnboardingRequest', certificate: expect.any(String) });
    expect(capabilities?.body).toEqual({ kind: 'Caps' });
    expect(manifest?.fields).toMatchObject({
      accept: 'application/vnd.margo.manifest.v1+json',
      'if-none-match': '"old"',
    });
    for (const { fields } of calls) expect(fields).toHaveProperty('signature');
    expect(calls.at(-1)?.body).toMatchObject({ kind: 'DeploymentStatusManifest', status: { state: 'installed' } });
  });

  it('says that a manifest is the one that is held', async () => {
    const { wfm } = await device(() => ({ kind: 'not-modified', etag: 'e' }));
    expect(await wfm.manifest('c', 'e', signal)).toBeUndefined();
  });

  it.each([
    [problems.notAuthenticated, 'refused'],
    [problems.notAuthorized, 'refused'],
    [problems.notFound, 'not-found'],
    [problems.tooManyRequests, 'busy'],
    [problems.unavailable, 'busy'],
    [problems.internal, 'unreachable'],
    [problems.semanticError, 'invalid'],
  ])('tells of %o as %s', async (kind, reason) => {
    const problem = new Problem(kind, 'so it is', { retryAfterSeconds: 2 });
    const { wfm } = await device(() => ({ kind: 'problem', problem, challenges: [] }));
    await expect(wfm.reportStatus('c', status, signal)).rejects.toMatchObject({
      name: 'FleetManagerFault',
      reason,
      retryAfter: 2000,
      message: `deployments.status at played://wfm was answered ${kind.status}: so it is`,
    });
  });

  it('takes an answer that makes no sense for none, so that what was reported is reported again', async () => {
    const { wfm } = await device(() => value({ client: 'c' }));
    await expect(wfm.enroll(signal)).rejects.toMatchObject({ reason: 'unreachable' });
    const broken = await device(() => {
      throw new TransportFault('invalid', 'it is no HTTP');
    });
    await expect(broken.wfm.reportStatus('c', status, signal)).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'it is no HTTP',
    });
  });
});
