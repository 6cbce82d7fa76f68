import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ArtifactRegistry, Lifecycle } from '../../core/plugin/index.js';
import { manualClock, type TestContext, testContext } from '../../core/testing/index.js';
import intakeManager from '../../managers/intake/definition.js';
import type { IntakeManager } from '../../managers/intake/index.js';
import { application } from '../managers/application.js';
import { cosignSigner, notationSigner, type Signer } from '../managers/signing.js';
import { startWfm, type Wfm } from '../managers/wfm.js';
import { describeWith, type OrasPart, type RegistryPart } from '../parts/index.js';
import { registryClient } from '../registry/client.js';

const never = new AbortController().signal;
const tagOf = (digest: string): string => digest.replace(':', '-');

// docker-registry has no API for referrers, so ORAS keeps the tag that stands in for it.
describeWith(
  ['registry', 'oras'],
  'signatures in a real docker-registry, those that refer put there by ORAS',
  (start) => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-signatures-'));
    const clock = manualClock(Date.now());
    let docker: RegistryPart;
    let oras: OrasPart;
    let registry: ArtifactRegistry & Lifecycle;
    let wfm: Wfm;
    let intake: TestContext<IntakeManager>;
    let cosign: Signer;
    let notation: Signer;

    function trusted(name: string, { trust }: Signer): string {
      const file = join(folder, name);
      writeFileSync(file, trust);
      return file;
    }
    async function told(repository: string, tag: string): Promise<readonly (string | undefined)[]> {
      const place = { registry: docker.host, repository };
      await intake.instance.notice([{ ...place, tag }]);
      await intake.instance.settled(never);
      const { items } = await wfm.catalog.list({ repository: place });
      const ended = await Promise.all(items.map(({ id }) => wfm.catalog.settled(id, never)));
      return ended.map(({ state, failure }) => failure ?? state);
    }
    const unsigned = [expect.stringContaining('it is not signed')];

    beforeAll(async () => {
      docker = await start.registry();
      oras = await start.oras();
      registry = registryClient({ registries: [{ url: docker.url }] });
      cosign = cosignSigner();
      notation = await notationSigner(clock.now());
      const signatures = [
        { of: `${docker.host}/cosign/`, cosignKeys: [trusted('cosign.pub', cosign)] },
        { of: `${docker.host}/notation/`, notation: { certificates: [trusted('ca.pem', notation)] } },
      ];
      wfm = await startWfm({ registry, clock, catalog: { signatures } });
      const uses = { state: wfm.state, registry, catalog: wfm.catalog };
      intake = await testContext<IntakeManager>(intakeManager, { uses, clock });
      await intake.start();
    });
    afterAll(async () => {
      await intake?.dispose();
      await wfm?.stop();
      await registry?.stop?.(never);
      await Promise.all([oras?.stop(), docker?.stop()]);
      rmSync(folder, { recursive: true });
    });

    it('of cosign bring in what was refused without them', async () => {
      const place = { registry: docker.host, repository: 'cosign/pump' };
      const signed = await registry.push({ ...place, tag: '1.0.0' }, application('1.0.0'));
      expect(await told(place.repository, '1.0.0')).toEqual(unsigned);
      const tag = `${tagOf(signed.digest)}.sig`;
      await registry.push({ ...place, tag }, await cosign.sign(signed));
      expect(await told(place.repository, tag)).toEqual(['ONBOARDED']);
    });

    it('of Notation bring in what was refused without them, one or several', async () => {
      const place = { registry: docker.host, repository: 'notation/pump' };
      const signed = await registry.push({ ...place, tag: '2.0.0' }, application('2.0.0'));
      expect(await told(place.repository, '2.0.0')).toEqual(unsigned);
      for (const signer of [await notationSigner(clock.now()), notation]) {
        const [layer] = (await signer.sign(signed)).layers;
        writeFileSync(join(folder, 'envelope.jws'), layer?.bytes ?? '');
        const type = 'application/vnd.cncf.notary.signature';
        const to = `${place.registry}/${place.repository}@${signed.digest}`;
        const args = ['attach', '--plain-http', '--artifact-type', type, to, 'envelope.jws:application/jose+json'];
        expect(await oras.run(args, { cwd: folder })).toMatchObject({ code: 0 });
        const [came] = await told(place.repository, tagOf(signed.digest));
        expect(came).toMatch(signer === notation ? /^ONBOARDED$/ : /one is not by a signer of the policy/);
      }
    });
  },
);
