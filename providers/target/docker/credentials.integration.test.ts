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
  let image: string;

  beforeAll(async () => {
    [docker, components, images] = await Promise.all([
      start.docker(),
      start.registry(),
      start.registry({ credentials }),
    ]);
    image = `${images.host}/private/box:1`;
    await buildImage(docker, image, {}, { command: ['/bin/sleep', '1000'] });
    const pushing = await docker.client
      .getImage(image)
      .push({ authconfig: { ...credentials, serveraddress: images.host } });
    let said = '';
    for await (const chunk of pushing) said += chunk.toString();
    expect(said).not.toContain('"error"');
    await docker.client.getImage(image).remove();
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), components.stop(), images.stop()]);
  });

  const deploy = async (trial: DockerTrial, told = call()): Promise<void> => {
    const text = `services: { web: { image: '${image}', stop_signal: SIGKILL } }`;
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
    expect(told.told).toContain(`pulling image ${image}`);
    expect(JSON.stringify([trial.log.lines, told.told])).not.toContain(credentials.password);
    expect(readdirSync(join(trial.dataDir, 'docker')).filter((name) => name.includes('docker-config'))).toEqual([]);
    await trial.dispose();
  });
});
