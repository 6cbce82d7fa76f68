import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServerCertificate, selfSigned } from '../../../test/parts/certificate.js';
import { freePort } from '../../../test/parts/daemon.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { application, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';

describeWith(['docker', 'registry'], 'an engine that listens on TLS', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  let port: number;
  let own: ServerCertificate;

  beforeAll(async () => {
    [port, own] = await Promise.all([freePort(), selfSigned(['127.0.0.1'])]);
    const tls = { port, certificates: own };
    [docker, registry] = await Promise.all([start.docker({ tls }), start.registry()]);
    await buildImage(docker, 'box:1', {}, { command: ['/bin/sleep', '1000'] });
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });

  it('runs components for those who show its certificates, and nothing for others', async () => {
    const remote = { socket: undefined, host: `tcp://127.0.0.1:${port}`, certificates: 'pki', settle: 100 };
    const trial = await dockerTrial(docker, registry, remote);
    const folder = join(trial.dataDir, 'pki');
    mkdirSync(folder);
    const show = ({ ca, certificate, key }: ServerCertificate): void => {
      writeFileSync(join(folder, 'ca.pem'), ca);
      writeFileSync(join(folder, 'cert.pem'), certificate);
      writeFileSync(join(folder, 'key.pem'), key);
    };
    const text = "services: { web: { image: 'box:1', stop_signal: SIGKILL } }\n";
    const repository = await pushComponent(trial, 'web', '1.0.0', { 'compose.yaml': text });
    const desired = application(repository, '1.0.0');
    const apply = (): Promise<void> => trial.target.apply(desired, 'monitor', call());

    const foreign = await selfSigned(['127.0.0.1']);
    show({ ...foreign, ca: own.ca });
    expect(await faultOf(apply())).toMatchObject({ code: 'platform', retry: true });
    expect(trial.target.health?.()).toMatchObject({ status: 'degraded', reason: expect.stringContaining(`:${port}`) });

    show(own);
    await apply();
    expect((await trial.target.actual())[0]?.components[0]).toMatchObject({ phase: 'running' });
    expect(trial.target.health?.()).toEqual({ status: 'ok' });
    await trial.target.remove(desired, 'monitor', true, call());
    expect(await docker.client.listContainers({ all: true })).toEqual([]);
    await trial.dispose();
  });
});
