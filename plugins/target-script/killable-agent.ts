/** Applies one deployment in a process of its own, which the kit kills: `killable-agent.ts DATA APPLICATION COMPONENT`. */
import type { DesiredApplication, TargetProvider } from 'tutti/plugin';
import { systemClock, testContext } from 'tutti/testing';
import definition from './index.ts';
import { config } from './subject.ts';

const [dataDir = '', application = '', component = ''] = process.argv.slice(2);
const { instance, start } = await testContext<TargetProvider>(definition, { dataDir, config, clock: systemClock });
await start();
process.stdout.write('about to apply\n');
await instance.apply(JSON.parse(application) as DesiredApplication, component, {
  signal: new AbortController().signal,
  progress: () => undefined,
});
