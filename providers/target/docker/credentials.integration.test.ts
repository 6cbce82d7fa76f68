import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';

const credentials = { username: 'ada', password: 'correct horse' };

describeWith(['docker', 'registry'], 'an image in a private registry', (start) => {
  let docker: DockerPart;
  let components: RegistryPart;
  let images: RegistryPart;

  beforeAll(async () => {
    [docker, components, images] = await Promise.all([
      start.docker(),
      start.registry(),
      start.registry({ credentials }),
    ]);
    for (const tag of ['1', '2']) await inRegistryAlone(tag);
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), components.stop(), images.stop()]);
  });

  const imageOf = (tag: string) => `${images.host}/private/box:${tag}`;
  const inRegistryAlone = async (tag: string): Promise<void> => {
    await buildImage(docker, imageOf(tag), {}, { command: ['/bin/sleep', '1000'] });
    const image = docker.client.getImage(imageOf(tag));
    let said = '';
    const pushing = await image.push({ authconfig: { ...credentials, serveraddress: images.host } });
    for await (const chunk of pushing) said += chunk.toString();
    expect(said).not.toContain('"error"');
    await image.remove();
  };
  const deploy = async (trial: DockerTrial, told = call(), tag = '1'): Promise<void> => {
    const text = `services: { web: { image: '${imageOf(tag)}', stop_signal: SIGKILL } }`;
    const repository = await pushComponent(trial, 'web', '1.0.0', { 'compose.yaml': text });
    await trial.target.apply(application(repository, '1.0.0'), 'monitor', told);
  };

  it('is refused without credentials, and with wrong ones', async () => {
    for (const registries of [[], [{ host: images.host, username: 'ada', password: 'wrong' }]]) {
      const trial = await dockerTrial(docker, components, { registries });
      const fault = await faultOf(deploy(trial));
      expect(fault).toMatchObject({ code: 'artifact', retry: true });
      expect(fault.message).not.toContain('wrong');
      await trial.dispose();
    }
  });

  it('is pulled with them, which are neither logged nor kept', async () => {
    const trial = await dockerTrial(docker, components, {
      registries: [{ host: images.host, username: credentials.username, passwordFile: 'password' }],
    });
    // Expired, until somebody writes the new one: nothing has to be started anew.
    writeFileSync(join(trial.dataDir, 'password'), 'expired\n');
    expect(await faultOf(deploy(trial))).toMatchObject({ code: 'artifact', retry: true });
    writeFileSync(join(trial.dataDir, 'password'), `${credentials.password}\n`);
    const told = call();
    await deploy(trial, told);
    const phases = (await trial.target.actual()).map(({ components: [one] }) => one?.phase);
    expect(phases.sort()).toEqual(['installing', 'running']);
    expect(told.told).toContain(`pulling image ${imageOf('1')}`);
    expect(JSON.stringify([trial.log.lines, told.told])).not.toContain(credentials.password);
    expect(readdirSync(join(trial.dataDir, 'docker')).filter((name) => name.includes('docker-config'))).toEqual([]);
    await trial.dispose();
  });

  it('is pulled with what the device is handed, of which another one is asked for when it is refused', async () => {
    const refused: object[] = [];
    let password = 'rotated away';
    const trial = await dockerTrial(
      docker,
      components,
      {},
      {
        current: async () => [{ registry: images.host, username: credentials.username, password }],
        async *changes() {
          yield [images.host];
        },
        refused: async (credential) => {
          refused.push(credential);
          password = credentials.password;
        },
      },
    );
    const fault = await faultOf(deploy(trial, call(), '2'));
    expect(fault).toMatchObject({ code: 'artifact', retry: true });
    expect(refused).toEqual([{ registry: images.host, username: credentials.username }]);
    const told = call();
    await deploy(trial, told, '2');
    expect(told.told).toContain(`pulling image ${imageOf('2')}`);
    expect(refused).toHaveLength(1);
    const written = JSON.stringify([trial.log.lines, told.told, fault.message]);
    for (const secret of ['rotated away', credentials.password]) expect(written).not.toContain(secret);
    await trial.dispose();
  });
});
