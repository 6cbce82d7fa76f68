import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startDaemon } from './daemon.js';
import { type Finished, run, tool } from './tools.js';
import { reclaim, workspace } from './workspace.js';

export interface RedisOptions {
  /** Lines of redis.conf beside those that every one of ours has. */
  readonly settings?: readonly string[];
  /** The master that it follows. */
  readonly replicaOf?: RedisPart;
}

/** A redis-server on a port of the loopback interface that syncs every change to its disk, with a password. */
export interface RedisPart {
  readonly port: number;
  readonly url: string;
  readonly password: string;
  readonly passwordFile: string;
  /** A directory of its own, for files of a test. */
  readonly directory: string;
  /** redis-cli as a user; its answer. */
  cli(...args: readonly string[]): Promise<string>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again, on the same port, with what is on its disk. */
  restart(): Promise<void>;
  /** Stops it as a machine does that hangs (SIGSTOP), until `resume`. */
  pause(): void;
  resume(): void;
  output(): string;
  stop(): Promise<void>;
}

const password = 'of-this-test-alone';

export async function startRedis({ settings = [], replicaOf }: RedisOptions = {}): Promise<RedisPart> {
  const directory = workspace('redis');
  const file = (name: string): string => join(directory, name);
  try {
    const port = await freePort();
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${directory}`,
      `requirepass ${password}`,
      `masterauth ${password}`,
      'save ""',
      'appendonly yes',
      'appendfsync always',
      'repl-diskless-sync-delay 0',
      ...(replicaOf ? [`replicaof 127.0.0.1 ${replicaOf.port}`] : []),
      ...settings,
    ];
    // It is rewritten by Redis itself, when sentinels give it another role.
    writeFileSync(file('redis.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
    writeFileSync(file('password'), `${password}\n`, { mode: 0o600 });
    const command = (...args: readonly string[]) =>
      run(tool('redis-cli'), ['-p', String(port), ...args], { env: { ...process.env, REDISCLI_AUTH: password } });
    const start = () =>
      startDaemon(tool('redis-server'), [file('redis.conf')], {
        ready: async () => (await command('ping')).stdout.trim() === 'PONG',
      });
    let daemon = await start();
    return {
      port,
      url: `redis://127.0.0.1:${port}`,
      password,
      passwordFile: file('password'),
      directory,
      cli: async (...args) => finished(await command(...args), args),
      kill: () => daemon.kill(),
      async restart() {
        daemon = await start();
      },
      pause: () => void process.kill(daemon.pid, 'SIGSTOP'),
      resume: () => void process.kill(daemon.pid, 'SIGCONT'),
      output: () => daemon.output(),
      async stop() {
        await daemon.kill();
        await reclaim(directory);
      },
    };
  } catch (error) {
    await reclaim(directory);
    throw error;
  }
}

function finished({ code, stdout, stderr }: Finished, args: readonly string[]): string {
  // redis-cli ends well whatever Redis answers; an error is a line that begins with its code.
  if (code === 0 && !/^(?:\(error\) )?(?:ERR|NOAUTH|WRONG|NO[A-Z]+) /.test(stdout)) return stdout.trim();
  throw new Error(`redis-cli ${args.join(' ')}: ${stdout}${stderr}`);
}
