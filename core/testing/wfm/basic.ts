import { FleetManagerFault, type StatusReport } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { enrolled, never, refused, report, same, type WfmTrial } from './means.js';
import type { WfmUnderTest } from './side.js';

type Run = (trial: WfmTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<WfmUnderTest> => ({ name, level: 'basic', run });
const idempotent = (name: string, run: Run): KitCase<WfmUnderTest> => ({ name, level: 'idempotent', run });

/** What passes over the line when all is well. */
export const basicCases: readonly KitCase<WfmUnderTest>[] = [
  basic('who enrolls is known by the id that it is given', async (trial) => {
    const id = await trial.within('enroll', trial.instance.enroll(never()));
    trial.holds('the id', id !== '', 'a text', id);
    trial.equal('the clients at the other side', await trial.instance.side.clients(), [id]);
  }),

  idempotent('who enrolls again is given the same id, and is no other client', async (trial) => {
    const first = await trial.within('enroll', trial.instance.enroll(never()));
    for (let time = 2; time <= 20; time += 1) {
      trial.equal(`the id of time ${time}`, await trial.within('enroll', trial.instance.enroll(never())), first);
    }
    trial.equal('the clients at the other side', await trial.instance.side.clients(), [first]);
  }),

  idempotent('who enrolls after a restart is given the same id, and is no other client', async (trial) => {
    const first = await trial.within('enroll', trial.instance.enroll(never()));
    await trial.close();
    await trial.reopen();
    trial.equal('the id', await trial.within('enroll', trial.instance.enroll(never())), first);
    trial.equal('the clients at the other side', await trial.instance.side.clients(), [first]);
  }),

  basic('a manifest comes with the very bytes that were sent, and their ETag', async (trial) => {
    const { id, content } = await enrolled(trial);
    const found = await trial.within('manifest', trial.instance.manifest(id, undefined, never()));
    same(trial, 'the bytes of the manifest', found?.bytes, content.manifest);
    trial.equal('the ETag', found?.etag, content.etag);
  }),

  basic('a manifest that is still the one of the ETag is none', async (trial) => {
    const { id, content } = await enrolled(trial);
    const found = await trial.within('manifest', trial.instance.manifest(id, content.etag, never()));
    trial.equal('the manifest', found, undefined);
  }),

  basic('a manifest that has changed is the new one', async (trial) => {
    const { id, content: old } = await enrolled(trial);
    const { manifest, etag } = await trial.within('a change', trial.instance.side.change(id));
    const found = await trial.within('manifest', trial.instance.manifest(id, old.etag, never()));
    same(trial, 'the bytes of the manifest', found?.bytes, manifest);
    trial.equal('the ETag', found?.etag, etag);
    const again = await trial.within('manifest', trial.instance.manifest(id, etag, never()));
    trial.equal('the manifest of the new ETag', again, undefined);
  }),

  basic('bundles and deployments come with the very bytes that were sent', async (trial) => {
    const { id, content } = await enrolled(trial);
    const { bundle, deployment } = content;
    const archive = trial.instance.bundle(id, bundle.digest, bundle.bytes.byteLength, never());
    same(trial, 'the bytes of the bundle', await trial.within('bundle', archive), bundle.bytes);
    const limit = deployment.bytes.byteLength;
    const one = trial.instance.deployment(id, deployment.id, deployment.digest, limit, never());
    same(trial, 'the bytes of the deployment', await trial.within('deployment', one), deployment.bytes);
  }),

  basic('what is larger than the limit is a fault', async (trial) => {
    const { id, content } = await enrolled(trial);
    const { bundle, deployment } = content;
    await refused(trial, 'bundle', trial.instance.bundle(id, bundle.digest, bundle.bytes.byteLength - 1, never()));
    const limit = deployment.bytes.byteLength - 1;
    await refused(trial, 'deployment', trial.instance.deployment(id, deployment.id, deployment.digest, limit, never()));
  }),

  basic('what the other side does not have is not found', async (trial) => {
    const { id, content } = await enrolled(trial);
    const digest = `sha256:${'0'.repeat(64)}`;
    await refused(trial, 'bundle', trial.instance.bundle(id, digest, 1_000, never()), 'not-found');
    const deployment = trial.instance.deployment(id, content.deployment.id, digest, 1_000, never());
    await refused(trial, 'deployment', deployment, 'not-found');
  }),

  basic('a client is given nothing of another', async (trial) => {
    const { content } = await enrolled(trial);
    const other = 'another-client';
    await refused(trial, 'manifest', trial.instance.manifest(other, undefined, never()), 'not-found', 'refused');
    const bundle = trial.instance.bundle(other, content.bundle.digest, 1_000_000, never());
    await refused(trial, 'bundle', bundle, 'not-found', 'refused');
  }),

  idempotent('capabilities arrive as they were sent, the newest last', async (trial) => {
    const { id } = await enrolled(trial);
    for (const number of [1, 1, 2]) {
      const capabilities = trial.instance.capabilitiesOf(number);
      await trial.within('reportCapabilities', trial.instance.reportCapabilities(id, capabilities, never()));
      trial.equal('the capabilities at the other side', await trial.instance.side.capabilities(id), capabilities);
    }
  }),

  basic('reports arrive whole, in their order', async (trial) => {
    const { id, content } = await enrolled(trial);
    const deploymentId = content.deployment.id;
    const error = { code: 'pull-failed', source: 'registry', message: 'it is away: "ü"\nand stays so' };
    const reports = [
      report(deploymentId, 'installing'),
      { deploymentId, state: 'failed', error, components: [{ name: 'main', state: 'failed', error }] } as const,
      report(deploymentId, 'installed'),
    ];
    for (const one of reports) {
      // What the provider does to its copy must not change what is expected.
      await trial.within('reportStatus', trial.instance.reportStatus(id, structuredClone(one), never()));
    }
    trial.equal('the reports at the other side', await trial.instance.side.reports(id), reports);
  }),

  basic('a report is at the other side when its call resolves, however long it is', async (trial) => {
    const { id, content } = await enrolled(trial);
    const expected: StatusReport[] = [];
    for (const length of [1, 10_000, 1_000_000]) {
      const error = { code: 'pull-failed', source: 'registry', message: 'x'.repeat(length) };
      const one = { ...report(content.deployment.id, 'failed'), error };
      const refusal = await trial.within(
        `reportStatus with a message of ${length} characters`,
        trial.instance.reportStatus(id, one, never()).then(
          () => undefined,
          (fault: unknown) => fault,
        ),
      );
      const found = await trial.instance.side.reports(id);
      if (refusal === undefined) expected.push(one);
      else {
        // A line may have a largest one, and hang up on a larger. Then its sender is told.
        const told = refusal instanceof FleetManagerFault;
        trial.holds(`a report of ${length} characters`, told && length > 10_000, 'to be taken', refusal);
      }
      trial.equal(
        'the lengths of the reports at the other side',
        found.map((each) => each.error?.message.length),
        expected.map((each) => each.error?.message.length),
      );
    }
  }),

  {
    name: 'many calls at once are answered each with its own',
    level: 'concurrent',
    async run(trial) {
      const { id, content } = await enrolled(trial);
      const { bundle, deployment, etag, manifest } = content;
      const rounds = Array.from({ length: 10 }, async () => {
        const [whole, none, archive, one] = await Promise.all([
          trial.instance.manifest(id, undefined, never()),
          trial.instance.manifest(id, etag, never()),
          trial.instance.bundle(id, bundle.digest, 1_000_000, never()),
          trial.instance.deployment(id, deployment.id, deployment.digest, 1_000_000, never()),
        ]);
        same(trial, 'the manifest', whole?.bytes, manifest);
        trial.equal('the manifest that is held already', none, undefined);
        same(trial, 'the bundle', archive, bundle.bytes);
        same(trial, 'the deployment', one, deployment.bytes);
      });
      await trial.within('all calls', Promise.all(rounds));
    },
  },
];
