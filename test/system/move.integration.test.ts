import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../parts/daemon.js';
import { type MosquittoPart, startMosquitto } from '../parts/mosquitto.js';
import { HostProcess } from './host.js';
import { margoYaml, pushComponent, pushPackage, sleeper } from './samples.js';
import { makeSite, type Site } from './site.js';
import { adoptedVersions } from './traces.js';
import { workloadsOf } from './workloads.js';

const patience = { timeout: 30_000, interval: 50 };

interface Line {
  readonly transport: 'http' | 'grpc' | 'mqtt';
  readonly env: Readonly<Record<string, string>>;
  /** Lines of the transport's config beside url and ca. */
  readonly more?: readonly string[];
}

// It polls once an hour: what it hears of in the time of a test, it was told.
describe.each(['the broker inside', 'mosquitto'] as const)(
  'a device that is moved to other transports, by %s',
  (kind) => {
    let site: Site;
    let mosquitto: MosquittoPart | undefined;
    let agent: HostProcess;
    let device: string;
    let deployment: string;
    let lines: readonly Line[];

    beforeAll(async () => {
      const [grpc, mqtt] = [String(await freePort()), String(await freePort())];
      if (kind === 'mosquitto') mosquitto = await startMosquitto({ by: 'passwords', users: ['press-7'] });
      const host = mosquitto?.client('host');
      site = await makeSite({
        wfmProfile: 'wfm.bindings.yaml',
        wfmEnv: { TUTTI_GRPC_PORT: grpc, TUTTI_MQTT_PORT: mqtt },
        agentEnv: { TUTTI_POLL_SECONDS: '3600' },
        ...(host && {
          adaptWfm: (profile) =>
            profile
              .replace(/ {2}broker:\n(?: {4}.*\n)+/, '')
              .replace(/ {2}mqtt: .*\n/, `  mqtt: { type: binding.mqtt, config: ${JSON.stringify(host)} }\n`),
        }),
      });
      const user = mosquitto?.client('press-7');
      const secure = { TUTTI_LINE_CA: site.api.ca };
      lines = [
        { transport: 'http', env: {} },
        {
          transport: 'mqtt',
          env: user
            ? { TUTTI_LINE_URL: user.url, TUTTI_LINE_CA: user.ca }
            : { TUTTI_LINE_URL: `mqtts://localhost:${mqtt}`, ...secure },
          ...(user && { more: [`username: ${user.username}`, `passwordFile: ${user.passwordFile}`] }),
        },
        { transport: 'grpc', env: { TUTTI_LINE_URL: `grpcs://localhost:${grpc}`, ...secure } },
        { transport: 'http', env: {} },
      ];
      await site.wfm.start();
      const to = site.registry();
      await pushComponent(to, 'components/sleeper', '1.0.0', 'process', sleeper('1.0.0', 'healthy'));
      const components = { main: 'components/sleeper' };
      const yaml = { id: 'com-acme-sleeper', version: '1.0.0', type: 'custom', components, timeout: '1s' } as const;
      await pushPackage(to, 'packages/sleeper', margoYaml(site.host, yaml));
      agent = site.agent;
    });
    afterAll(async () => {
      await agent?.kill();
      await site?.close();
      await mosquitto?.stop();
    });

    /** The same device, its line over another transport. */
    async function moveTo({ transport, env, more = [] }: Line): Promise<void> {
      const before = agent.output();
      await agent.stop();
      agent = new HostProcess({
        profile: 'agent.process.yaml',
        adapt: (profile) =>
          profile.replace(/( {2}line:\n(?:.*\n)*? {6}ca: .*\n)/, `$1${more.map((line) => `      ${line}\n`).join('')}`),
        directory: dirname(agent.data),
        env: site.agentEnv,
      });
      outputs.push(before);
      await agent.start({ TUTTI_WFM_TRANSPORT: transport, ...env });
    }
    const outputs: string[] = [];
    const runs = (greeting: string): Promise<number> =>
      vi.waitFor(() => {
        const [only, ...others] = workloadsOf(agent.data);
        expect(others).toEqual([]);
        expect(only).toMatchObject({ greeting });
        return only?.pid ?? 0;
      }, patience);
    const greet = async (greeting: string): Promise<void> => {
      await vi.waitFor(() => site.api.update(deployment, { parameters: { greeting } }), patience);
      await runs(greeting);
      await vi.waitFor(
        async () => expect(await site.api.deployment(deployment)).toMatchObject({ status: { state: 'INSTALLED' } }),
        patience,
      );
    };
    const connected = (): Promise<void> =>
      vi.waitFor(async () => {
        const devices = await site.api.devices();
        expect(devices).toEqual([
          expect.objectContaining({ id: device, state: expect.objectContaining({ connected: true }) }),
        ]);
      }, patience);

    it('keeps its identity and its workloads, and hears at once of what changes, whoever is killed meanwhile', {
      timeout: 300_000,
    }, async () => {
      const [first, ...others] = lines;
      if (!first) throw new Error('no line');
      await agent.start(first.env);
      device = await site.api.onlyDevice();
      const packageId = await site.api.import('sleeper', 'packages/sleeper', '1.0.0');
      deployment = (await site.api.deploy('line', packageId, device, { greeting: 'hello' })).id;
      let pid = await runs('hello');
      for (const [turn, line] of others.entries()) {
        await moveTo(line);
        await connected();
        expect(await runs(turn === 0 ? 'hello' : `again ${turn - 1}`)).toBe(pid);
        await greet(`moved ${turn}`);

        // The fleet manager first, and with it the broker inside; then mosquitto, with both ends connected to it.
        await site.wfm.kill();
        await site.wfm.start();
        await mosquitto?.kill();
        await mosquitto?.restart();
        await connected();
        await greet(`again ${turn}`);
        pid = await runs(`again ${turn}`);
      }
      const versions = adoptedVersions([...outputs, agent.output()].join(''));
      expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    });
  },
);
