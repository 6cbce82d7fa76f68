import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startDaemon } from './daemon.js';
import type { RedisPart } from './redis.js';
import { run, tool } from './tools.js';
import { reclaim, workspace } from './workspace.js';

/** One sentinel that decides alone, and quickly. */
export interface SentinelPart {
  /** host:port */
  readonly node: string;
  /** The name that it gives to the master. */
  readonly master: string;
  stop(): Promise<void>;
}

export async function startSentinel(master: RedisPart): Promise<SentinelPart> {
  const directory = workspace('sentinel');
  const port = await freePort();
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${directory}`,
    `sentinel monitor plant 127.0.0.1 ${master.port} 1`,
    `sentinel auth-pass plant ${master.password}`,
    'sentinel down-after-milliseconds plant 500',
    'sentinel failover-timeout plant 3000',
  ];
  writeFileSync(join(directory, 'sentinel.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const ask = (...args: readonly string[]) => run(tool('redis-cli'), ['-p', String(port), ...args]);
  try {
    const daemon = await startDaemon(tool('redis-sentinel'), [join(directory, 'sentinel.conf')], {
      // It has to know the replicas before it can choose one.
      ready: async () => /num-slaves\n[1-9]/.test((await ask('sentinel', 'master', 'plant')).stdout),
    });
    return {
      node: `127.0.0.1:${port}`,
      master: 'plant',
      async stop() {
        await daemon.stop();
        await reclaim(directory);
      },
    };
  } catch (error) {
    await reclaim(directory);
    throw error;
  }
}
