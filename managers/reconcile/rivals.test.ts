import { expect, it } from 'vitest';
import { manualClock, recordingLogger, testContext } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { MockConfig, MockPlatform, MockTarget } from '../../providers/target/mock/index.js';
import reconcile from './definition.js';

it('warns at start of targets that run the same, and of no others', async () => {
  const [log, clock] = [recordingLogger(), manualClock()];
  const target = (...deploymentTypes: string[]) =>
    new MockTarget(MockConfig.parse({ deploymentTypes }), clock, new MockPlatform());
  const targets = new Map([
    ['one', target('helm', 'compose')],
    ['two', target('custom')],
    ['three', target('helm')],
  ]);
  const events = { publish: async () => undefined, subscribe: () => () => undefined };
  const uses = { state: new MemoryState(), events, targets };
  const context = await testContext(reconcile, { uses, clock, log });
  await context.start();
  const warned = () => log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  await expect
    .poll(warned)
    .toEqual([
      'several targets of this profile run helm (one, three), and none of it is touched: leave all but one out',
    ]);
  await context.dispose();
});
