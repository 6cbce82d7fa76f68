import process from 'node:process';
import { Listr, PRESET_TIMER } from 'listr2';
import { findEngine } from './engine.js';
import { DemoFleet, deviceName } from './fleet.js';
import { tail } from './host-process.js';
import { claim } from './lock.js';
import { type DemoOptions, readOptions } from './options.js';

const stopped = new AbortController();
// The terminal's end is one too: nothing may be left behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopped.abort(new Error(`stopped by ${signal}`)));
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: DemoOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${textOf(error)}\nusage: npm run demo [-- [--exit] [--runtime process|docker] [--data DIRECTORY]]`);
    return 2;
  }
  const release = await claim(options.data).catch((error: unknown) => textOf(error));
  if (typeof release === 'string') {
    console.error(release);
    return 1;
  }
  const fleet = new DemoFleet(options, stopped.signal);
  try {
    return await present(fleet, options);
  } finally {
    await release();
  }
}

async function present(fleet: DemoFleet, options: DemoOptions): Promise<number> {
  const engine = options.runtime === 'docker' ? await findEngine(process.env) : undefined;
  if (typeof engine === 'string') {
    console.error(engine);
    return 1;
  }
  let failure: unknown;
  try {
    const answer = await steps(fleet, engine?.prepare).run();
    console.log(`\nThe workload answers: ${answer.said}\n`);
    if (!options.exit) {
      console.log(whatNext(fleet));
      await Promise.race([stoppedByPerson(), ...fleet.hosts.map((host) => host.ended().then(ended))]);
    }
  } catch (error) {
    if (!stopped.signal.aborted) {
      failure = error;
      console.error(await report(error, fleet));
    }
  }
  console.log('\nstopping everything ...');
  const left = await fleet.tearDown();
  await engine?.remove();
  for (const line of left) console.error(line);
  console.log(left.length === 0 ? 'stopped; nothing is left behind' : 'stopped');
  if (failure !== undefined || left.length > 0) return 1;
  // Given up before it was shown: not a success for whoever waits for one.
  return options.exit && stopped.signal.aborted ? 130 : 0;
}

interface Answer {
  said: string;
}

function steps(fleet: DemoFleet, prepareEngine: (() => Promise<void>) | undefined): Listr<Answer, 'default', 'simple'> {
  return new Listr<Answer, 'default', 'simple'>(
    [
      { title: 'Find free ports and make an empty data directory', task: () => fleet.prepare() },
      {
        title: 'Make an image for the workload on the Docker engine',
        enabled: () => prepareEngine !== undefined,
        task: () => prepareEngine?.(),
      },
      {
        title: 'Start the fleet manager with its registry (config/wfm.yaml)',
        task: async (_, task) => {
          task.title = `Start the fleet manager with its registry (config/wfm.yaml): ${await fleet.startWfm()}`;
        },
      },
      { title: `Issue a certificate for ${deviceName}`, task: () => fleet.issueCertificate() },
      {
        title: `Start the agent (config/agent.${fleet.options.runtime}.yaml)`,
        task: async (_, task) => {
          task.title = `Start the agent (config/agent.${fleet.options.runtime}.yaml): ${await fleet.startAgent()}`;
        },
      },
      { title: 'Push the sample component and package to the registry', task: () => fleet.push() },
      { title: 'Import the package into the catalog', task: async () => void (await fleet.import()) },
      { title: 'Wait for the device to onboard and report what it can do', task: () => fleet.awaitDevice() },
      { title: 'Deploy, and wait until the workload runs', task: async () => void (await fleet.deploy()) },
      {
        title: 'Call the workload',
        task: async (answer) => {
          answer.said = await fleet.call();
        },
      },
    ],
    {
      ctx: { said: '' },
      registerSignalListeners: false,
      rendererOptions: { timer: PRESET_TIMER, collapseErrors: false, showErrorMessage: false },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
}

function whatNext(fleet: DemoFleet): string {
  return `Running: a fleet manager and its registry at ${fleet.server}, the agent ${deviceName}, and the workload at ${fleet.workload}
The operator API is ${fleet.server}/nbi/v1; logs are ${fleet.logs.join(' and ')}.

Try in another terminal, in this directory:

  export TUTTI_SERVER=${fleet.server} TUTTI_DATA=${fleet.wfmData}
  npx tutti get deployments
  npx tutti describe device ${deviceName}
  sed -i.old 's/greeting: .*/greeting: Good morning/' ${fleet.deploymentFile} && npx tutti apply -f ${fleet.deploymentFile} --wait && curl -s ${fleet.workload}

Ctrl-C stops everything.`;
}

/** What failed, why, and where to look. */
async function report(error: unknown, fleet: DemoFleet): Promise<string> {
  const parts = [`\nThe demo failed: ${textOf(error)}`];
  for (const file of fleet.logs) {
    try {
      parts.push(`\nlast lines of ${file}:\n${await tail(file, 15)}`);
    } catch {
      parts.push(`\n${file} was not begun`);
    }
  }
  return parts.join('\n');
}

function stoppedByPerson(): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.signal.aborted) resolve();
    else stopped.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function ended(why: string): never {
  throw new Error(why);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
