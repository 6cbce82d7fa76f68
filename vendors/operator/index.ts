import {
  type ArtifactReference,
  accepted,
  created,
  defineVendor,
  empty,
  ok,
  Problem,
  problems,
  serve,
  stream,
} from '../../core/plugin/index.js';
import { AccessManager } from '../../managers/access/index.js';
import { CatalogManager, type PackageRecord } from '../../managers/catalog/index.js';
import { DeviceManager, type DeviceRecord } from '../../managers/device/index.js';
import { InstanceManager, type InstanceRecord } from '../../managers/instance/index.js';
import { ManifestManager } from '../../managers/manifest/index.js';
import { PlacementManager } from '../../managers/placement/index.js';
import type { DeploymentAnswer, DeviceAnswer } from './answers.js';
import { audited } from './audit.js';
import { tokenAuthenticator } from './authenticator.js';
import * as operations from './operations.js';
import { continueKey, continueToken } from './paging.js';
import { inCallersWords } from './problems.js';
import { mergedInto, profileIn, replacementBy } from './updates.js';
import {
  artifactView,
  deploymentView,
  deviceView,
  type Eligibility,
  listView,
  offerView,
  packageView,
} from './views.js';

/** The operator's side: packages, deployments, devices and tokens, for people, scripts and the command line. */
export default defineVendor({
  type: 'vendor.operator',
  version: '1.0.0',
  summary: 'Northbound API: packages, deployments, devices, tokens',
  operations: Object.values(operations),
  uses: {
    access: AccessManager,
    catalog: CatalogManager,
    devices: DeviceManager,
    instances: InstanceManager,
    manifests: ManifestManager,
    placement: PlacementManager,
  },
  create: ({ uses: { access, catalog, devices, instances, manifests, placement }, log }) => {
    const served = [
      serve(operations.importPackage, async ({ input: { document } }) => {
        const { metadata, spec } = document;
        const { authentication } = spec.source;
        const record = await catalog.import({
          name: metadata.name,
          source: {
            registry: registryHost(spec.source.registryUrl),
            repository: spec.source.repository,
            ...(spec.source.tag !== undefined && { tag: spec.source.tag }),
            ...(spec.source.digest !== undefined && { digest: spec.source.digest }),
          },
          ...(metadata.labels && { labels: metadata.labels }),
          ...(spec.strict !== undefined && { strict: spec.strict }),
          ...(authentication?.type === 'basic' && { credentials: authentication }),
          ...(authentication?.type === 'token' && {
            credentials: { username: 'token', password: authentication.token },
          }),
        });
        return accepted(packageView(record), `/app-packages/${record.id}`);
      }),
      serve(operations.listPackages, async ({ input: { limit, continue: after, applicationId, name } }) => {
        const page = await catalog.list({
          limit,
          ...pageAfter('packages', after),
          ...(applicationId !== undefined && { applicationId }),
          ...(name !== undefined && { name }),
        });
        return ok(listView(page.items.map(packageView), pageNext('packages', page.next), page.total));
      }),
      serve(operations.getPackage, async ({ input: { id } }) => ok(packageView(await catalog.get(id)))),
      serve(operations.deletePackage, async ({ input: { id, force = false } }) => {
        const record = await catalog.get(id);
        await catalog.delete(id, force);
        return accepted(packageView(record));
      }),
      serve(operations.listRepositories, async ({ input: { limit, continue: after, registry }, signal }) => {
        const list = `repositories of ${registry}`;
        const page = await catalog.repositories(registry, { limit, from: offerFrom(list, after) }, signal);
        return ok(offerView(list, { ...page, items: page.items.map((repository) => ({ repository })) }));
      }),
      serve(operations.listArtifacts, async ({ input: { limit, continue: after, ...at }, signal }) => {
        const list = `artifacts of ${at.registry}/${at.repository}`;
        const page = await catalog.artifacts(at, { limit, from: offerFrom(list, after) }, signal);
        return ok(offerView(list, { ...page, items: page.items.map(artifactView) }));
      }),

      serve(operations.createDeployment, async ({ input: { document } }) => {
        const { metadata, spec } = document;
        const profile = profileIn(spec);
        const record = await instances.create({
          name: metadata.name,
          packageId: spec.appPackageRef.id,
          device: spec.deviceRef,
          ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
          ...(metadata.labels && { labels: metadata.labels }),
          ...(profile !== undefined && { profile }),
          ...(spec.parameters && { values: spec.parameters }),
        });
        return accepted(deploymentView(record), `/app-deployments/${record.id}`);
      }),
      serve(operations.listDeployments, async ({ input }) => {
        const { limit, continue: after, deviceId, appPackageId, name, namespace } = input;
        const page = await instances.list({
          limit,
          ...pageAfter('deployments', after),
          ...(name !== undefined && { name }),
          ...(namespace !== undefined && { namespace }),
          ...(deviceId !== undefined && { clientId: deviceId }),
          ...(appPackageId !== undefined && { packageId: appPackageId }),
        });
        return ok(listView(page.items.map(deploymentView), pageNext('deployments', page.next), page.total));
      }),
      serve(operations.watchDeployments, ({ input: { deviceId }, signal }) =>
        stream(changes(instances.watch(deviceId === undefined ? {} : { clientId: deviceId }, signal))),
      ),
      serve(operations.getDeployment, async ({ input: { id } }) => {
        const record = await instances.get(id);
        return ok(deploymentView(record), String(record.revision));
      }),
      serve(operations.updateDeployment, async ({ input: { id, document }, ifMatch }) =>
        accepted(
          deploymentView(
            await instances.update(id, (present) => mergedInto(present, document), expectedRevision(ifMatch)),
          ),
        ),
      ),
      serve(operations.replaceDeployment, async ({ input: { id, document }, ifMatch }) =>
        accepted(deploymentView(await instances.update(id, replacementBy(document), expectedRevision(ifMatch)))),
      ),
      serve(operations.deleteDeployment, async ({ input: { id, force = false }, ifMatch }) =>
        accepted(deploymentView(await instances.delete(id, force, expectedRevision(ifMatch)))),
      ),

      serve(operations.listDevices, async ({ input: { limit, continue: after, appPackageId, state, name } }) => {
        const page = await devices.list({
          limit,
          ...pageAfter('devices', after),
          ...(state && { state }),
          ...(name !== undefined && { name }),
        });
        const of = await eligibilityFor(appPackageId);
        return ok(
          listView(
            page.items.map((device) => viewOf(device, of(device))),
            pageNext('devices', page.next),
            page.total,
          ),
        );
      }),
      serve(operations.getDevice, async ({ input: { id, appPackageId } }) => {
        const device = await devices.get(id);
        return ok(viewOf(device, (await eligibilityFor(appPackageId))(device)));
      }),
      serve(operations.approveDevice, async ({ input: { id } }) => ok(viewOf(await devices.approve(id), unknown))),
      serve(operations.rejectDevice, async ({ input: { id } }) => ok(viewOf(await devices.reject(id), unknown))),
      serve(operations.revokeDevice, async ({ input: { id } }) => ok(viewOf(await devices.revoke(id), unknown))),
      serve(operations.setDevice, async ({ input: { id, form } }) =>
        ok(viewOf(await devices.setForm(id, form ?? undefined), unknown)),
      ),
      serve(operations.resynchronise, async ({ input: { id } }) => {
        await devices.get(id);
        return ok({ id, manifestVersion: (await manifests.advanceEpoch(id)).version });
      }),
      serve(operations.deleteDevice, async ({ input: { id } }) => {
        await devices.remove(id);
        return empty;
      }),

      serve(operations.listTokens, async () => {
        const tokens = await access.list();
        return ok(
          listView(
            tokens.map((token) => ({ ...token })),
            undefined,
            tokens.length,
          ),
        );
      }),
      serve(operations.getToken, async ({ input: { id } }) => {
        const token = (await access.list()).find((one) => one.id === id);
        if (!token) throw new Problem(problems.notFound, `there is no token ${id}`);
        return ok({ ...token });
      }),
      serve(operations.createToken, async ({ input: { name, role, lifetimeSeconds } }) => {
        const { token, record } = await access.issue({
          name,
          role,
          ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
        });
        return created({ ...record, token }, `/tokens/${record.id}`);
      }),
      serve(operations.revokeToken, async ({ input: { id } }) => {
        await access.revoke(id);
        return empty;
      }),
    ];
    return {
      authenticators: [tokenAuthenticator(access)],
      operations: served.map((one) => inCallersWords(audited(one, log))),
    };

    function viewOf(device: DeviceRecord, eligibility: Eligibility): DeviceAnswer {
      const { id } = device;
      return deviceView(device, devices.formOf(device), devices.lastSeen(id), devices.connected(id), eligibility);
    }

    async function eligibilityFor(packageId: string | undefined): Promise<(device: DeviceRecord) => Eligibility> {
      if (packageId === undefined) return () => unknown;
      const { description } = await catalog.get(packageId);
      return (device) => (description ? assess(description, device) : unknown);
    }

    /** A client is eligible when one of its devices can run one of the package's profiles. */
    function assess({ profiles }: NonNullable<PackageRecord['description']>, device: DeviceRecord): Eligibility {
      if (device.state !== 'ONBOARDED')
        return {
          eligible: 'false',
          reasons: [`the device is ${device.state}; only an onboarded one can be deployed to`],
        };
      const choices = Object.values(device.capabilities).map((capabilities) =>
        placement.choose(profiles, capabilities),
      );
      if (choices.length === 0)
        return { eligible: 'false', reasons: ['the device has not reported its capabilities yet'] };
      if (choices.some(({ profile }) => profile)) return { eligible: 'true', reasons: [] };
      const reasons = choices.flatMap(({ assessed }) =>
        assessed.flatMap(({ profile, eligibility }) => eligibility.reasons.map((reason) => `${profile.id}: ${reason}`)),
      );
      return { eligible: 'false', reasons };
    }
  },
});

const unknown: Eligibility = { eligible: 'unknown', reasons: [] };

type List = 'packages' | 'deployments' | 'devices';

function pageAfter(list: List, token: string | undefined): { readonly after?: string } {
  return token === undefined ? {} : { after: continueKey(list, token) };
}

function offerFrom(list: string, token: string | undefined): number {
  return token === undefined ? 0 : Number(continueKey(list, token));
}

function pageNext(list: List, key: string | undefined): string | undefined {
  return key === undefined ? undefined : continueToken(list, key);
}

async function* changes(records: AsyncIterable<InstanceRecord>): AsyncIterable<{ data: DeploymentAnswer }> {
  for await (const record of records) yield { data: deploymentView(record) };
}

function expectedRevision(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const revision = Number(ifMatch);
  if (!Number.isSafeInteger(revision))
    throw new Problem(problems.preconditionFailed, `If-Match "${ifMatch}" is no version of a deployment`);
  return revision;
}

/**
 * `https://host:port`, `host:port` or with a trailing slash, to `host:port`. Nothing is lost with the scheme: how a
 * registry is spoken to is for the profile to say.
 */
function registryHost(url: string): ArtifactReference['registry'] {
  return url.replace(/^(?:https?|oci):\/\//, '').replace(/\/+$/, '');
}
