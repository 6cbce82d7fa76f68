import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { artifactAt } from '../../core/ports/index.js';
import { describeWith, type OrasPart, type SkopeoPart } from '../parts/index.js';
import { type Destination, margoYaml, pushComponent, pushPackage, sleeper, withRegistry } from './samples.js';
import { makeSite, type Site } from './site.js';

const version = '1.4.2';

describeWith(['oras', 'skopeo'], 'the registry of a fleet manager before ORAS and skopeo', (start) => {
  let site: Site;
  let oras: OrasPart;
  let skopeo: SkopeoPart;
  let to: Destination;
  /** Digests of what we pushed ourselves. */
  let component: string;
  let application: string;

  beforeAll(async () => {
    [site, oras, skopeo] = await Promise.all([makeSite(), start.oras(), start.skopeo()]);
    await site.wfm.start();
    to = site.registry();
    component = (await pushComponent(to, 'components/sleeper', version, 'process', sleeper(version))).digest;
    const yaml = {
      id: 'com-acme-sleeper',
      version,
      type: 'custom',
      components: { main: 'components/sleeper' },
    } as const;
    application = (await pushPackage(to, 'packages/sleeper', margoYaml(site.host, yaml))).digest;
  });
  afterAll(() => Promise.all([site?.close(), oras?.stop(), skopeo?.stop()]));

  /** ORAS takes localhost for plain HTTP unless told. */
  const secure = (): string[] => ['--plain-http=false', '--ca-file', to.ca];
  const orasRun = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await oras.run([command, ...args]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const login = (): string[] => ['-u', 'anybody', '-p', to.token];
  /** skopeo reads every *.crt of a folder. */
  const trusting = (name: string): string[] => {
    const folder = join(site.directory, 'trusted');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ca.crt'), readFileSync(to.ca));
    return [`--${name}cert-dir`, folder];
  };
  const skopeoRun = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await skopeo.run([command, ...args]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const digestOf = (repository: string, tag = version): Promise<string> =>
    withRegistry(to, async (registry) => {
      const { descriptor } = await registry.resolve(artifactAt(`oci://${to.host}/${repository}`, tag));
      return descriptor.digest;
    });

  it('gives ORAS the files of a package, whole and by the digest that was pushed', async () => {
    const folder = mkdtempSync(join(site.directory, 'pulled-'));
    const reference = `${to.host}/packages/sleeper:${version}`;
    await orasRun('pull', reference, ...secure(), '--output', folder);
    expect(JSON.parse(readFileSync(join(folder, 'margo.yaml'), 'utf8'))).toMatchObject({ id: 'com-acme-sleeper' });
    expect((await orasRun('resolve', reference, ...secure())).trim()).toBe(application);
    expect(await orasRun('repo', 'tags', `${to.host}/components/sleeper`, ...secure())).toContain(version);
    rmSync(folder, { recursive: true });
  });

  it('takes a package from ORAS, which then can be deployed', async () => {
    const yaml = { id: 'com-acme-other', version, type: 'custom', components: { main: 'components/sleeper' } } as const;
    writeFileSync(join(site.directory, 'margo.yaml'), margoYaml(site.host, yaml));
    const type = ['--artifact-type', 'application/vnd.margo.app.v1+json'];
    const layer = 'margo.yaml:application/vnd.margo.app.description.v1+yaml';
    const reference = `${to.host}/packages/other:${version}`;
    const push = ['push', reference, ...secure(), ...type, layer];
    const stranger = await oras.run(push, { cwd: site.directory });
    expect(stranger).not.toMatchObject({ code: 0 });
    await expect(digestOf('packages/other')).rejects.toMatchObject({ reason: 'not-found' });

    const pushed = await oras.run([...push, ...login()], { cwd: site.directory });
    expect(pushed).toMatchObject({ code: 0 });
    const [digest] = /sha256:[0-9a-f]{64}/.exec(pushed.stdout.slice(pushed.stdout.indexOf('Digest'))) ?? [];
    expect(await digestOf('packages/other')).toBe(digest);
    expect(await site.api.import('other', 'packages/other', version)).toMatch(/./);
  });

  it('copies with ORAS, digest for digest', async () => {
    const from = ['--from-plain-http=false', '--from-ca-file', to.ca];
    const into = [
      '--to-plain-http=false',
      '--to-ca-file',
      to.ca,
      '--to-username',
      'anybody',
      '--to-password',
      to.token,
    ];
    const copy = `${to.host}/copies/oras:${version}`;
    await orasRun('cp', `${to.host}/components/sleeper:${version}`, copy, ...from, ...into);
    expect(await digestOf('copies/oras')).toBe(component);
  });

  it.each([
    ['components/sleeper', () => component],
    ['packages/sleeper', () => application],
  ] as const)('gives skopeo %s and takes it back, digest for digest', async (repository, digest) => {
    const layout = `oci:${join(site.directory, 'layout')}-${repository.replace('/', '-')}:${version}`;
    const source = `docker://${to.host}/${repository}:${version}`;
    const copy = `copies/skopeo-${repository}`;
    await skopeoRun('copy', '--preserve-digests', ...trusting('src-'), source, layout);
    const into = ['--preserve-digests', ...trusting('dest-'), '--dest-creds', `anybody:${to.token}`];
    await skopeoRun('copy', ...into, layout, `docker://${to.host}/${copy}:${version}`);
    expect(await digestOf(copy)).toBe(digest());
  });

  it('shows skopeo the manifest as it was pushed, and the tags', async () => {
    const source = `docker://${to.host}/components/sleeper`;
    const raw = await skopeoRun('inspect', '--raw', ...trusting(''), `${source}:${version}`);
    expect(JSON.parse(raw)).toMatchObject({ artifactType: 'application/vnd.tutti.component.process.v1+json' });
    const tags = await skopeoRun('list-tags', ...trusting(''), source);
    expect(JSON.parse(tags)).toMatchObject({ Tags: [version] });
  });
});
