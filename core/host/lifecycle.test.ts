import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endAll, type LifecycleNode, startAll } from './lifecycle.js';

const never = new AbortController().signal;

function recorder(): {
  events: string[];
  node: (name: string, dependsOn?: string[], fails?: 'start' | 'stop') => LifecycleNode;
} {
  const events: string[] = [];
  const node = (name: string, dependsOn: string[] = [], fails?: 'start' | 'stop'): LifecycleNode => ({
    name,
    dependsOn,
    instance: {
      start: async () => {
        events.push(`start ${name}`);
        if (fails === 'start') throw new Error(`${name} is broken`);
      },
      stop: async () => {
        events.push(`stop ${name}`);
        if (fails === 'stop') throw new Error(`${name} does not stop`);
      },
    },
  });
  return { events, node };
}

describe('startAll', () => {
  it('starts an entry after all that it depends on', async () => {
    const { events, node } = recorder();
    await startAll([node('store'), node('catalog', ['store']), node('api', ['catalog'])], 1000, never);
    expect(events).toEqual(['start store', 'start catalog', 'start api']);
  });

  it('reports every failure and skips what depends on one, naming it', async () => {
    const { node } = recorder();
    const report = await startAll(
      [node('store', [], 'start'), node('events', [], 'start'), node('catalog', ['store']), node('other')],
      1000,
      never,
    );
    expect(report.failures.map(({ entry, error }) => `${entry}: ${error.message}`)).toEqual([
      'store: store is broken',
      'events: events is broken',
    ]);
    expect(report.skipped).toEqual([{ entry: 'catalog', because: ['store'] }]);
    expect(report.started).toContain('other');
  });

  it('gives up on an entry at its deadline and aborts its signal', async () => {
    let aborted: unknown;
    const hanging: LifecycleNode = {
      name: 'hanging',
      dependsOn: [],
      instance: {
        start: (signal) =>
          new Promise<void>(() => {
            signal.addEventListener('abort', () => {
              aborted = signal.reason;
            });
          }),
      },
    };
    const report = await startAll([hanging], 10, never);
    expect(report.failures[0]?.error.message).toBe('start took longer than 10 ms');
    expect(aborted).toBe(report.failures[0]?.error);
  });
});

describe('endAll', () => {
  it('stops in reverse order and goes on over failures', async () => {
    const { events, node } = recorder();
    const failures = await endAll(
      [node('store'), node('catalog', ['store'], 'stop'), node('api', ['catalog'])],
      'stop',
      1000,
    );
    expect(events).toEqual(['stop api', 'stop catalog', 'stop store']);
    expect(failures.map(({ entry }) => entry)).toEqual(['catalog']);
  });

  it('stops an entry only after the start that it had given up on has come to its end', async () => {
    const events: string[] = [];
    const finish = new EventEmitter();
    const late: LifecycleNode = {
      name: 'late',
      dependsOn: [],
      instance: {
        start: async () => {
          await once(finish, 'now');
          events.push('started');
        },
        stop: () => void events.push('stopped'),
      },
    };
    const report = await startAll([late], 1, never);
    expect(report.failures).toHaveLength(1);
    const ended = endAll([late], 'stop', 10_000, report.pending);
    finish.emit('now');
    expect(await ended).toEqual([]);
    expect(events).toEqual(['started', 'stopped']);
  });

  it('stops an entry whose start never ends, when its time to stop is over', async () => {
    const events: string[] = [];
    const hanging: LifecycleNode = {
      name: 'hanging',
      dependsOn: [],
      instance: { start: () => new Promise<void>(() => undefined), stop: () => void events.push('stopped') },
    };
    const { pending } = await startAll([hanging], 1, never);
    const [failure, ...more] = await endAll([hanging], 'stop', 5, pending);
    expect(more).toEqual([]);
    expect(failure?.error.message).toBe('its start was still under way after 5 ms; what it opens later stays open');
    expect(events).toEqual(['stopped']);
  });
});
