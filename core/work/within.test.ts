import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { within } from './within.js';

describe('within', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const late = () => new Error('late');
  const never = () => new Promise<never>(() => undefined);

  it('gives what the work gives, and leaves no timer', async () => {
    expect(await within(10, async () => 'done', late)).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('failed'))],
    [
      'throws',
      () => {
        throw new Error('failed');
      },
    ],
  ])('fails as the work does that %s, and leaves no timer', async (_, work) => {
    await expect(within(10, work, late)).rejects.toThrow('failed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up when the time is over, not before', async () => {
    const ended = vi.fn();
    const waiting = within(10, never, late).catch(ended);
    await vi.advanceTimersByTimeAsync(9);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(ended).toHaveBeenCalledWith(new Error('late'));
  });

  it('has its timer under way before the work begins', async () => {
    expect(await within(10, async () => vi.getTimerCount(), late)).toBe(1);
  });
});
