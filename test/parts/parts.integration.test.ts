import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  buildImage,
  type DockerPart,
  describeWith,
  type OrasPart,
  type RegistryPart,
  type SkopeoPart,
} from './index.js';
import { run } from './tools.js';

describeWith(['docker'], 'the docker part', (start) => {
  let docker: DockerPart;
  beforeAll(async () => {
    docker = await start.docker();
    await buildImage(docker, 'part-test:1', { '/hello.txt': 'hello' }, { command: ['/bin/cat', '/hello.txt'] });
  });
  afterAll(() => docker.stop());

  it('runs an image made from nothing', async () => {
    const ran = await run('docker', ['run', '--rm', '--network', 'none', 'part-test:1'], {
      env: { ...process.env, ...docker.env },
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'hello' });
  });

  it('has the compose plugin', async () => {
    const ran = await run('docker', ['compose', 'version', '--short'], { env: { ...process.env, ...docker.env } });
    expect(ran.stdout).toMatch(/^v?2\./);
  });

  it('is back after kill -9', async () => {
    await docker.kill();
    await expect(docker.client.ping()).rejects.toThrow();
    await docker.restart();
    expect((await docker.client.listImages()).flatMap(({ RepoTags }) => RepoTags)).toContain('part-test:1');
  });
});

describeWith(['registry', 'oras', 'skopeo'], 'the registry part with its judges', (start) => {
  let oras: OrasPart;
  let skopeo: SkopeoPart;
  let registry: RegistryPart | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tutti-push-'));
  beforeAll(async () => {
    oras = await start.oras();
    skopeo = await start.skopeo();
    writeFileSync(join(folder, 'margo.yaml'), 'id: hello\n');
  });
  afterEach(() => registry?.stop());
  afterAll(async () => {
    await Promise.all([oras.stop(), skopeo.stop()]);
    rmSync(folder, { recursive: true });
  });

  const push = (reference: string, ...options: string[]): ReturnType<OrasPart['run']> =>
    oras.run(['push', reference, ...options, 'margo.yaml:text/yaml'], { cwd: folder });

  it('takes and gives an artifact over plain HTTP', async () => {
    registry = await start.registry();
    const reference = `${registry.host}/apps/hello:1.0.0`;
    expect(await push(reference, '--plain-http', '--artifact-type', 'application/x-test')).toMatchObject({ code: 0 });
    const seen = await skopeo.run(['inspect', '--raw', '--tls-verify=false', `docker://${reference}`]);
    expect(JSON.parse(seen.stdout)).toMatchObject({ artifactType: 'application/x-test' });
  });

  it('speaks TLS and asks for a password', async () => {
    registry = await start.registry({ tls: true, credentials: { username: 'ada', password: 'lovelace' } });
    const reference = `${registry.host}/apps/hello:1.0.0`;
    const ca = ['--ca-file', registry.ca?.file ?? ''];
    expect(await push(reference, ...ca)).not.toMatchObject({ code: 0 });
    expect(await push(reference, ...ca, '-u', 'ada', '-p', 'lovelace')).toMatchObject({ code: 0 });
  });
});
