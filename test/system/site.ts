import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../parts/daemon.js';
import { reclaim, workspace } from '../parts/workspace.js';
import { HostProcess } from './host.js';
import { Northbound } from './northbound.js';
import type { Destination } from './samples.js';

export interface SiteOptions {
  /** `agent.process.yaml` unless told. */
  readonly agentProfile?: string;
  /** What is different in the agent's profile here. */
  readonly adaptAgent?: (profile: string) => string;
  readonly onboarding?: 'ca' | 'approve' | 'open';
  readonly agentEnv?: Readonly<Record<string, string>>;
}

/** A fleet manager and an agent on this machine, made but not started, with ports and directories of their own. */
export interface Site {
  readonly directory: string;
  readonly wfm: HostProcess;
  readonly agent: HostProcess;
  readonly api: Northbound;
  /** `localhost:port` of the fleet manager, its registry included. */
  readonly host: string;
  /** The embedded registry; usable once the fleet manager has started for the first time. */
  registry(): Destination;
  /** Stops everything, workloads included, and deletes it. */
  close(): Promise<void>;
}

export async function makeSite({ agentProfile, adaptAgent, onboarding, agentEnv }: SiteOptions = {}): Promise<Site> {
  const directory = workspace('system');
  for (const name of ['wfm', 'agent']) mkdirSync(join(directory, name));
  const port = String(await freePort());
  const host = `localhost:${port}`;
  const url = `https://${host}`;
  const wfm = new HostProcess({
    profile: 'wfm.yaml',
    directory: join(directory, 'wfm'),
    env: { TUTTI_HTTP_PORT: port, TUTTI_ONBOARDING: onboarding ?? 'open' },
  });
  const ca = join(wfm.data, 'pki', 'ca.crt');
  const agent = new HostProcess({
    profile: agentProfile ?? 'agent.process.yaml',
    ...(adaptAgent && { adapt: adaptAgent }),
    directory: join(directory, 'agent'),
    env: {
      TUTTI_HTTP_PORT: '0',
      TUTTI_WFM_URL: url,
      TUTTI_REGISTRY_URL: url,
      TUTTI_WFM_CA: ca,
      TUTTI_POLL_SECONDS: '0.2',
      ...agentEnv,
    },
  });
  const api = new Northbound(url, wfm.data);
  return {
    directory,
    wfm,
    agent,
    api,
    host,
    registry: () => ({ host, ca, token: api.token }),
    async close() {
      await api.close();
      // The agent first, or it would start again what is ended below.
      await agent.kill();
      await wfm.stop();
      await reclaim(directory);
    },
  };
}
