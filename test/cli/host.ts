import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../core/host/clock.js';
import type { FleetManager, Json } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/index.js';
import { capabilitiesDocument } from '../../managers/margo/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import signedFleetManager from '../../providers/wfm/signed/index.js';
import { freePorts } from '../parts/ports.js';

/** A fleet manager in a process of its own, from the shipped profile. */
export interface Wfm {
  readonly url: string;
  readonly data: string;
  stop(): Promise<void>;
}

export async function startWfm(data: string, onboarding: string): Promise<Wfm> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, ['dist/cli/main.js', 'run', 'config/wfm.yaml'], {
    env: { ...process.env, TUTTI_DATA: data, TUTTI_HTTP_PORT: String(port), TUTTI_ONBOARDING: onboarding },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = once(child, 'exit');
  const early = ended.then(() => {
    throw new Error(`the host ended:\n${log}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), early]);
  early.catch(() => undefined);
  if (!/^ready in \d+ ms at https:\/\//.test(String(line))) throw new Error(`not a ready line: ${String(line)}`);
  return {
    url: `https://localhost:${port}`,
    data,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A device that is no agent: it says what a test wants it to say. */
export async function device(wfm: Wfm, identity: string): Promise<FleetManager & { close(): Promise<void> }> {
  const transport = httpTransport({ url: wfm.url, ca: join(wfm.data, 'pki', 'ca.crt') });
  const context = await testContext<FleetManager>(signedFleetManager, {
    clock: systemClock,
    uses: { transport },
    config: { certificate: join(identity, 'device.crt'), key: join(identity, 'device.key') },
  });
  await context.start();
  const close = async (): Promise<void> => {
    await context.dispose();
    await transport.close();
  };
  return Object.assign(context.instance, { close });
}

/** What an agent with a process target reports. */
export function capabilities(id: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, Json>> {
  const facts = { cpus: [{ cores: 4, architecture: 'amd64' }], memory: '4096Mi', storage: '65536Mi' };
  const offers = {
    runtimes: ['custom'],
    deploymentTypes: ['custom'],
    interfaces: [],
    peripherals: [],
    otelCollector: true,
  };
  const who = { id, vendor: 'test', modelNumber: 'test', serialNumber: id, labels };
  return capabilitiesDocument({ ...who, ...facts, ...offers }, 'D2') as Readonly<Record<string, Json>>;
}
