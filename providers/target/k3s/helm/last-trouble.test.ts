import { expect, it } from 'vitest';
import { manualClock } from '../../../../core/testing/index.js';
import { call } from '../../../../test/target/trial.js';
import type { Cluster } from '../cluster.js';
import { lastTrouble } from './last-trouble.js';

it('tells whoever stops it of what went wrong with looking, and nobody before', async () => {
  const clock = manualClock();
  const broken = () => Promise.reject(new ReferenceError('nobody thought of it'));
  const trouble = lastTrouble({ cluster: {} as Cluster, clock }, broken, call());
  await clock.advance(1_000);
  await expect(trouble.stop()).rejects.toThrow('nobody thought of it');
});
