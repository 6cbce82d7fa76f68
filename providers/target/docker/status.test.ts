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
  [{ health: 'starting' }, 'installing', 'service web is not healthy yet'],
  [{ health: 'unhealthy', healthOutput: 'no answer\n' }, 'failed', 'service web is unhealthy: no answer'],
  [{ status: 'restarting', exitCode: 3, restarts: 2 }, 'failed', 'keeps ending with exit code 3 (restarted 2 times)'],
  [{ status: 'exited', exitCode: 137 }, 'failed', 'service web ended with exit code 137'],
  [{ status: 'dead', exitCode: 1, error: 'no disk' }, 'failed', 'ended with exit code 1: no disk'],
  [{ status: 'exited' }, 'stopped', 'service web ended (exit code 0)'],
  [{ status: 'paused' }, 'stopped', 'service web is paused'],
  [{ status: 'created' }, 'stopped', 'service web was made but not started'],
  [{ status: 'created', error: 'port is taken' }, 'failed', 'service web: port is taken'],
] as const)('%j is %s', (state, phase, reason) => {
  expect(status(state)).toMatchObject({ phase, reason: expect.stringContaining(reason) });
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
