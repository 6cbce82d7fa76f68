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
  /** `wfm.yaml` unless told. */
  readonly wfmProfile?: string;
  /** What is different in the fleet manager's profile here. */
  readonly adaptWfm?: (profile: string) => string;
  readonly wfmEnv?: Readonly<Record<string, string>>;
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
  /** Of the agent. */
  readonly agentEnv: Readonly<Record<string, string>>;
  /** Stops everything, workloads included, and deletes it. */
  close(): Promise<void>;
}

export async function makeSite(options: SiteOptions = {}): Promise<Site> {
  const { agentProfile, adaptAgent, wfmProfile, adaptWfm, wfmEnv, onboarding, agentEnv } = options;
  const directory = workspace('system');
  for (const name of ['wfm', 'agent']) mkdirSync(join(directory, name));
  const port = String(await freePort());
  const host = `localhost:${port}`;
  const url = `https://${host}`;
  const wfm = new HostProcess({
    profile: wfmProfile ?? 'wfm.yaml',
    ...(adaptWfm && { adapt: adaptWfm }),
    directory: join(directory, 'wfm'),
    env: { TUTTI_HTTP_PORT: port, TUTTI_ONBOARDING: onboarding ?? 'open', ...wfmEnv },
  });
  const ca = join(wfm.data, 'pki', 'ca.crt');
  const envOfAgent = {
    TUTTI_HTTP_PORT: '0',
    TUTTI_WFM_URL: url,
    TUTTI_REGISTRY_URL: url,
    TUTTI_WFM_CA: ca,
    TUTTI_POLL_SECONDS: '0.2',
    ...agentEnv,
  };
  const agent = new HostProcess({
    profile: agentProfile ?? 'agent.process.yaml',
    ...(adaptAgent && { adapt: adaptAgent }),
    directory: join(directory, 'agent'),
    env: envOfAgent,
  });
  const api = new Northbound(url, wfm.data);
  return {
    directory,
    wfm,
    agent,
    api,
    host,
    agentEnv: envOfAgent,
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
