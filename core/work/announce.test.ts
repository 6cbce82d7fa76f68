import { expect, it } from 'vitest';
import { eventType } from '../ports/events.js';
import { recordingLogger } from '../testing/index.js';
import { announce } from './announce.js';

const Done = eventType<{ readonly id: string }>('toy.done');
const subscribe = () => ({ close: async () => undefined });

it('tells of what is done, and does not fail because nobody can be told', async () => {
  const log = recordingLogger();
  const told: unknown[] = [];
  const publish = async (_: unknown, payload: unknown): Promise<void> => void told.push(payload);
  await announce({ durable: false, publish, subscribe }, log, Done, { id: 'a' });
  expect([told, log.lines]).toEqual([[{ id: 'a' }], []]);
  const away = () => Promise.reject(new Error('the bus is away'));
  await announce({ durable: false, publish: away, subscribe }, log, Done, { id: 'b' });
  expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('toy.done') }]);
});
