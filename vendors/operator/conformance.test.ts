import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problems } from '../../core/plugin/index.js';
import {
  type MakeSubject,
  manualClock,
  runCase,
  type VendorSample,
  type VendorUnderTest,
  vendorKit,
  vendorSubjects,
} from '../../core/testing/index.js';
import { addDevice, addPackage, certificatePem, description, startWfm, type Wfm } from '../../test/managers/wfm.js';
import operator from './index.js';

/** What is there before the first call, in a fleet manager of the real managers. */
async function prepared({ state, clock, access, devices, instances, delivered }: Wfm) {
  const packageId = await addPackage(state, 'pump-1.0.0');
  const newer = await addPackage(state, 'pump-1.1.0', description('1.1.0'));
  const unused = await addPackage(state, 'pump-0.9.0', description('0.9.0'));
  const device = (await addDevice({ devices, clock }, 'press-7')).id;
  const other = (await addDevice({ devices, clock }, 'press-8')).id;
  const waiting = (await devices.onboard(await certificatePem(clock, 'press-9'))).id;
  const deploy = async (name: string) => (await instances.create({ name, packageId, device: { id: device } })).id;
  const [deployment, doomed] = [await deploy('hello'), await deploy('doomed')];
  const token = (await access.issue({ name: 'a viewer', role: 'viewer' })).record.id;
  const credentials = (await access.issue({ name: 'a script', role: 'operator' })).token;
  await delivered();
  return { packageId, newer, unused, device, other, waiting, deployment, doomed, token, credentials };
}

function samplesOf(there: Awaited<ReturnType<typeof prepared>>): readonly VendorSample[] {
  const { packageId, newer, unused, device, other, waiting, deployment, doomed, token, credentials } = there;
  const source = { registryUrl: 'registry.test', repository: 'apps/pump', tag: '2.0.0' };
  const request = {
    metadata: { name: 'hello', labels: { line: '4' } },
    spec: { appPackageRef: { id: newer }, deviceRef: { id: device }, parameters: { greeting: 'moin' } },
  };
  const hello = { metadata: { name: 'second' }, spec: { ...request.spec, deviceRef: { id: other } } };
  const [missing, denied] = [problems.notFound.type, problems.notAuthorized.type];
  return [
    { operation: 'packages.list', input: { limit: 2 } },
    { operation: 'packages.list', input: { applicationId: 'com-acme-pump' }, as: 'viewer' },
    { operation: 'packages.get', input: { id: packageId } },
    { operation: 'packages.get', input: { id: 'nothing' }, problem: missing },
    { operation: 'packages.delete', input: { id: packageId }, problem: problems.conflict.type },
    { operation: 'packages.delete', input: { id: unused }, as: 'viewer', problem: problems.notAuthorized.type },
    { operation: 'packages.delete', input: { id: unused } },

    { operation: 'registry.repositories', input: { registry: 'registry.test', limit: 1 } },
    { operation: 'registry.repositories', input: { registry: 'registry.test' }, as: 'viewer', problem: denied },
    { operation: 'registry.artifacts', input: { registry: 'registry.test', repository: 'apps/pump' } },
    {
      operation: 'registry.artifacts',
      input: { registry: 'registry.test', repository: 'none' },
      problem: missing,
    },

    { operation: 'deployments.list', input: { deviceId: device } },
    { operation: 'deployments.get', input: { id: deployment } },
    { operation: 'deployments.watch' },
    { operation: 'deployments.watch', input: { deviceId: other } },
    { operation: 'deployments.create', input: { document: hello } },
    { operation: 'deployments.create', input: { document: hello }, problem: problems.conflict.type },
    {
      operation: 'deployments.update',
      input: { id: deployment, document: { spec: { parameters: { greeting: 'hi' } } } },
    },
    { operation: 'deployments.replace', input: { id: deployment, document: request } },
    { operation: 'deployments.delete', input: { id: doomed } },
    { operation: 'deployments.delete', input: { id: doomed, force: true } },
    { operation: 'deployments.get', input: { id: doomed }, problem: missing },

    { operation: 'devices.list', input: { appPackageId: packageId } },
    { operation: 'devices.get', input: { id: device, appPackageId: packageId } },
    { operation: 'devices.approve', input: { id: waiting } },
    { operation: 'devices.reject', input: { id: waiting }, problem: problems.conflict.type },
    { operation: 'devices.set', input: { id: waiting, form: 'D1' } },
    { operation: 'devices.resynchronise', input: { id: waiting } },
    { operation: 'devices.revoke', input: { id: waiting } },
    { operation: 'devices.delete', input: { id: waiting }, as: 'operator', problem: problems.notAuthorized.type },
    { operation: 'devices.delete', input: { id: waiting } },

    { operation: 'tokens.list' },
    { operation: 'tokens.get', input: { id: token } },
    { operation: 'tokens.create', input: { name: 'ci', role: 'operator', lifetimeSeconds: 3600 } },
    { operation: 'tokens.revoke', input: { id: token } },
    { operation: 'tokens.revoke', input: { id: token }, problem: missing },

    // By the vendor's own authenticator.
    { operation: 'devices.list', as: () => ({ authorization: `Bearer ${credentials}` }) },
    {
      operation: 'devices.list',
      as: () => ({ authorization: 'Bearer made-up' }),
      problem: problems.notAuthenticated.type,
    },
    {
      operation: 'tokens.list',
      as: () => ({ authorization: `Bearer ${credentials}` }),
      problem: problems.notAuthorized.type,
    },

    // Last: it goes on in the background, and what others are answered changes with it.
    { operation: 'packages.import', input: { document: { metadata: { name: 'pump' }, spec: { source } } } },
  ];
}

const make: MakeSubject<VendorUnderTest> = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-operator-'));
  const clock = manualClock();
  const wfm = await startWfm({ dataDir, clock, onboarding: 'approve' });
  const { access, catalog, devices, instances, manifests, placement } = wfm;
  const uses = { access, catalog, devices, instances, manifests, placement };
  const subject = await vendorSubjects(operator, { uses, samples: samplesOf(await prepared(wfm)), clock })();
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
