import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { signedBy } from '../../core/client/index.js';
import { SigningKey } from '../../core/identity/index.js';
import {
  type MakeSubject,
  manualClock,
  runCase,
  type VendorSample,
  type VendorUnderTest,
  vendorKit,
  vendorSubjects,
} from '../../core/testing/index.js';
import { firstForm, secondForm } from '../../test/device-api/device.js';
import { addDevice, addPackage, certificatePem, startWfm, type Wfm } from '../../test/managers/wfm.js';
import device from './index.js';

const problem = (fragment: string): string => `https://docs.margo.org/specification/problem-types#${fragment}`;

/** An onboarded device that shall run something, and one that nobody has seen yet. */
async function prepared({ state, clock, devices, instances, manifests, delivered }: Wfm) {
  const [key, newKey] = [SigningKey.generate(), SigningKey.generate()];
  const { id: clientId } = await addDevice({ devices, clock }, 'edge-1', {}, key);
  const packageId = await addPackage(state, 'pump-1.0.0');
  const { id: deploymentId } = await instances.create({ name: 'hello', packageId, device: { id: clientId } });
  await delivered();
  const manifest = JSON.parse(Buffer.from(manifests.current(clientId)?.bytes ?? []).toString()) as {
    readonly bundle: { readonly digest: string };
    readonly deployments: readonly { readonly digest: string }[];
  };
  return {
    clientId,
    deploymentId,
    bundle: manifest.bundle.digest,
    digest: manifest.deployments[0]?.digest ?? '',
    certificate: await certificatePem(clock, 'edge-2', newKey),
    as: signedBy(() => key, clock),
    asNew: signedBy(() => newKey, clock),
  };
}

function samplesOf(there: Awaited<ReturnType<typeof prepared>>): readonly VendorSample[] {
  const { clientId, deploymentId, bundle, digest, certificate, as, asNew } = there;
  const own = { clientId };
  const report = {
    apiVersion: 'deployment.margo.org/v1alpha1',
    kind: 'DeploymentStatusManifest',
    deploymentId,
    status: { state: 'installed' },
    components: [{ name: 'main', state: 'installed' }],
  };
  const unknown = `sha256:${'0'.repeat(64)}`;
  return [
    { operation: 'onboarding.certificate' },
    { operation: 'onboarding.onboard', input: { certificate }, as: asNew },
    { operation: 'onboarding.onboard', input: { certificate }, problem: problem('signature-verification-failed') },
    { operation: 'onboarding.onboard', input: { certificate }, as, problem: problem('signature-verification-failed') },

    { operation: 'deployments.manifest', input: own, as },
    { operation: 'deployments.manifest', input: own, as: asNew, problem: problem('signature-verification-failed') },
    { operation: 'deployments.manifest', input: own, as: { device: 'other' }, problem: problem('not-authorized') },
    { operation: 'deployments.changes', input: own, as },
    { operation: 'deployments.bundle', input: { ...own, digest: bundle }, as },
    { operation: 'deployments.bundle', input: { ...own, digest: unknown }, as, problem: problem('invalid-bundle') },
    { operation: 'deployments.deployment', input: { ...own, deploymentId, digest }, as },
    {
      operation: 'deployments.deployment',
      input: { ...own, deploymentId, digest: unknown },
      as,
      problem: problem('deployment-not-found'),
    },
    { operation: 'deployments.status', input: { ...own, deploymentId, document: report }, as },

    { operation: 'capabilities.report', input: { ...own, document: firstForm('edge-1') }, as },
    { operation: 'capabilities.report', input: { ...own, document: {} }, as, problem: problem('semantic-error') },
    { operation: 'capabilities.replace', input: { ...own, document: secondForm('edge-1') }, as },
    {
      operation: 'capabilities.replace',
      input: { ...own, deviceId: 'edge-1/arm', document: secondForm('edge-1/arm') },
      as,
    },
    { operation: 'capabilities.withdraw', input: { ...own, deviceId: 'edge-1/arm' }, as },
    {
      operation: 'capabilities.withdraw',
      input: { ...own, deviceId: 'none' },
      as,
      problem: problem('device-not-found'),
    },

    { operation: 'credentials.issue', input: own, as },
    { operation: 'credentials.issue', input: own, as: asNew, problem: problem('signature-verification-failed') },
  ];
}

const issued = { registry: 'registry.test', username: 'press-7', password: 'not to be told', expiresAt: 2e12 };

const make: MakeSubject<VendorUnderTest> = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-device-'));
  const clock = manualClock();
  const wfm = await startWfm({ dataDir, clock });
  const { state, devices, manifests, instances } = wfm;
  const serverCa = join(dataDir, 'ca.crt');
  await writeFile(serverCa, await certificatePem(clock, 'CA'));
  const subject = await vendorSubjects(device, {
    config: { serverCa },
    uses: { state, devices, manifests, instances, credentials: { issue: async () => [issued] } },
    samples: samplesOf(await prepared(wfm)),
    clock,
  })();
  return {
    ...subject,
    async dispose() {
      await subject.dispose();
      await wfm.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};

for (const each of vendorKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
