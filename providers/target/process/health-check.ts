import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { TargetFault } from '../../../core/ports/index.js';
import type { HealthCheck } from './component-file.js';
import { type Command, commandOf, environmentOf, identityOf, type Workload } from './launch.js';

/** One check: resolves when healthy, rejects with the reason. Gives up when the signal aborts. */
export type Probe = (signal: AbortSignal) => Promise<void>;

/** @throws TargetFault `invalid` when the check cannot be made of this workload */
export async function probeOf(check: HealthCheck, workload: Workload): Promise<Probe> {
  if (check.command) {
    const command = await commandOf(workload, check.command);
    return (signal) => runCommand(command, signal);
  }
  const { http } = check;
  if (!http) throw new TargetFault('invalid', 'the health check names neither http nor command', false);
  const port = http.port ?? portFrom(http.portFrom ?? '', environmentOf(workload));
  return (signal) => get(port, http.path, http.expect, signal);
}

function portFrom(variable: string, environment: Readonly<Record<string, string>>): number {
  const value = environment[variable];
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  const found = value === undefined ? 'it is not set' : `it is ${JSON.stringify(value)}`;
  throw new TargetFault('invalid', `the health check takes its port from ${variable}, but ${found}`, false);
}

async function get(port: number, path: string, expect: number | undefined, signal: AbortSignal): Promise<void> {
  // No kept connections: each check shall see whether the workload still accepts one.
  const request = http.get({ host: '127.0.0.1', port, path, agent: false, signal });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.on('error', () => response.destroy());
  response.resume();
  const status = response.statusCode ?? 0;
  const healthy = expect === undefined ? status >= 200 && status < 300 : status === expect;
  if (!healthy) throw new Error(`GET ${path} answered ${status}`);
}

async function runCommand(command: Command, signal: AbortSignal): Promise<void> {
  // Not detached: only the workload itself may lead a session, by that it is recognised.
  const child = spawn(command.file, command.arguments, {
    cwd: command.directory,
    env: command.environment,
    ...identityOf(command),
    stdio: 'ignore',
    signal,
    killSignal: 'SIGKILL',
  });
  const [code, ended] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`the health command ended with ${code ?? ended}`);
}
