import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LinkedAbortController } from './linked-abort-controller.js';

const reason = new Error('enough');

it('aborts with any of its signals, and with the reason of that one', () => {
  for (const first of [0, 1]) {
    const sources = [new AbortController(), new AbortController()];
    const { signal } = new LinkedAbortController(...sources.map((source) => source.signal));
    expect(signal.aborted).toBe(false);
    sources[first]?.abort(reason);
    sources[1 - first]?.abort(new Error('too late'));
    expect(signal.reason).toBe(reason);
  }
});

it('is aborted from the beginning where one of its signals is', () => {
  expect(new LinkedAbortController(new AbortController().signal, AbortSignal.abort(reason)).signal.reason).toBe(reason);
});

it('aborts by itself, and leaves its signals alone', () => {
  const source = new AbortController();
  const linked = new LinkedAbortController(source.signal);
  linked.abort(reason);
  expect(linked.signal.reason).toBe(reason);
  expect(source.signal.aborted).toBe(false);
});

it('lets many share a signal without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  try {
    const source = new AbortController();
    const all = Array.from({ length: 20 }, () => new LinkedAbortController(source.signal));
    await setImmediate();
    for (const each of all) each.unlink();
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
  }
});

it('leaves nothing with its signals once it is unlinked', () => {
  const source = new AbortController();
  const linked = new LinkedAbortController(source.signal);
  linked.unlink();
  linked.unlink();
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
  source.abort(reason);
  expect(linked.signal.aborted).toBe(false);
});
