import { describe, expect, it } from 'vitest';
import { composeLabels, labels } from './project.js';
import { type ContainerState, componentStatus } from './status.js';

const services = 'db,web';

function container(service: string, state: Partial<ContainerState> = {}): ContainerState {
  const own = {
    [composeLabels.service]: service,
    [labels.applied]: 'f00',
    [labels.services]: services,
    ...state.labels,
  };
  return {
    id: `${service}-0123456789abcdef`,
    name: `monitor-${service}-1`,
    startedAt: '2026-03-01T10:00:00.123456789Z',
    finishedAt: '2026-03-01T10:05:00.123456789Z',
    status: 'running',
    exitCode: 0,
    error: '',
    restartPolicy: 'no',
    restarts: 0,
    ...state,
    labels: own,
  };
}
const db = container('db');
const status = (...states: Partial<ContainerState>[]): ReturnType<typeof componentStatus> =>
  componentStatus('monitor', [db, ...states.map((state) => container('web', state))]);

it('is absent without containers', () => {
  expect(componentStatus('monitor', [])).toEqual({ name: 'monitor', phase: 'absent' });
});

it('runs when all services run', () => {
  expect(status({})).toEqual({ name: 'monitor', phase: 'running', applied: 'f00' });
  expect(status({ health: 'healthy' }).phase).toBe('running');
});

it.each([
  [{ health: 'starting' }, 'installing', 'is not healthy yet, started 2026-03-01T10:00:00Z'],
  [{ health: 'unhealthy', healthOutput: 'no answer\n' }, 'failed', 'is unhealthy: no answer'],
  [
    { health: 'unhealthy', unhealthySince: '2026-03-01T10:01:00Z' },
    'failed',
    'is unhealthy since 2026-03-01T10:01:00Z',
  ],
  [
    { status: 'restarting', exitCode: 3, restarts: 2 },
    'failed',
    'keeps ending with exit code 3 (restarted 2 times, ended last 2026-03-01T10:05:00Z)',
  ],
  [{ status: 'exited', exitCode: 137 }, 'failed', 'ended with exit code 137 at 2026-03-01T10:05:00Z'],
  [
    { status: 'dead', exitCode: 1, error: 'no disk', finishedAt: '0001-01-01T00:00:00Z' },
    'failed',
    'ended with exit code 1: no disk',
  ],
  [{ status: 'exited' }, 'stopped', 'ended with exit code 0 at 2026-03-01T10:05:00Z'],
  [{ status: 'paused' }, 'stopped', 'is paused'],
  [{ status: 'created' }, 'stopped', 'was made but not started'],
] as const)('%j is %s', (state, phase, reason) => {
  expect(status(state)).toMatchObject({ phase, reason: `service web (monitor-web-1) ${reason}` });
});

it('has failed when the engine could not start it, for the reason that the engine gives', () => {
  const reason = 'service web (monitor-web-1): port is taken';
  expect(status({ status: 'created', error: 'port is taken' })).toMatchObject({ phase: 'failed', reason });
});

describe('a job that ended well', () => {
  it('is fine when it restarts on failure only', () => {
    expect(status({ status: 'exited', restartPolicy: 'on-failure' }).phase).toBe('running');
  });

  it('is fine when another service waits for it to complete', () => {
    const waiting = container('db', {
      labels: { [composeLabels.dependsOn]: 'x:service_started:false,web:service_completed_successfully:false' },
    });
    expect(componentStatus('monitor', [waiting, container('web', { status: 'exited' })]).phase).toBe('running');
  });
});

it('misses the container of a service', () => {
  expect(componentStatus('monitor', [db])).toMatchObject({ phase: 'stopped', reason: 'service web has no container' });
});

it('tells the worst of several', () => {
  expect(status({ health: 'starting' }, { status: 'exited', exitCode: 1 }).phase).toBe('failed');
});

it('leaves one-off containers out', () => {
  const oneOff = container('web', { status: 'exited', exitCode: 9, labels: { [composeLabels.oneOff]: 'True' } });
  expect(componentStatus('monitor', [db, container('web'), oneOff]).phase).toBe('running');
});

it('does not say what was applied while an update is half done', () => {
  expect(status({ labels: { [labels.applied]: 'bar' } })).not.toHaveProperty('applied');
});
