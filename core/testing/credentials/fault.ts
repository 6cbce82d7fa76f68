import type { PullCredential } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { overheard } from '../overheard.js';
import { KitSkip } from '../trial.js';
import { type CredentialTrial, issue, pulling, refused, untold } from './means.js';
import type { CredentialsUnderTest } from './subject.js';

type Run = (trial: CredentialTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<CredentialsUnderTest> => ({ name, level: 'fault', run });

/** A registry that is away or refuses, and where passwords must not turn up. */
export const faultCases: readonly KitCase<CredentialsUnderTest>[] = [
  fault('a registry that is away is unreachable, and serves again when it is back', async (trial) => {
    const { breakDown } = trial.instance.side;
    if (!breakDown) throw new KitSkip('the registry cannot be made unreachable');
    await during(trial, breakDown, 'unreachable');
  }),

  fault('a registry that refuses the provider has denied it, and serves again when it gives in', async (trial) => {
    const { deny } = trial.instance.side;
    if (!deny) throw new KitSkip('the registry cannot be made to refuse');
    await during(trial, deny, 'denied');
  }),

  fault('no password goes into the log or to the console', async (trial) => {
    const issued: PullCredential[] = [];
    const written = await overheard(async () => {
      for (const holder of ['kit', 'kit', 'kit-a']) issued.push(...(await issue(trial, holder)));
      await trial.within('revoke', trial.instance.revoke('kit'));
      await refused(trial, 'issue for no holder', () => trial.instance.issue('no holder'), 'invalid');
    });
    untold('what was written to the console', written, issued);
    untold('what was logged', trial.instance.log.lines, issued);
  }),
];

async function during(
  trial: CredentialTrial,
  trouble: () => Promise<() => Promise<void>>,
  reason: 'unreachable' | 'denied',
): Promise<void> {
  const { instance } = trial;
  const before = await issue(trial, 'kit');
  const mend = await trouble.call(instance.side);
  for (const [what, work] of [
    ['issue', () => instance.issue('kit')],
    ['revoke', () => instance.revoke('kit')],
  ] as const) {
    untold(`what the fault of ${what} says`, await refused(trial, what, work, reason), before);
  }
  await mend();
  await pulling(trial, 'what is issued after that', await issue(trial, 'kit'), true);
  await trial.within('revoke', instance.revoke('kit'));
  trial.equal('the accounts', await instance.side.accounts(), []);
}
