import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { type CredentialTrial, issue, pulling, refused } from './means.js';
import type { CredentialsUnderTest } from './subject.js';

type Run = (trial: CredentialTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<CredentialsUnderTest>['level']) =>
  (name: string, run: Run): KitCase<CredentialsUnderTest> => ({ name, level, run });
const [basic, idempotent] = [ofLevel('basic'), ofLevel('idempotent')];
const [concurrent, durable, fault] = [ofLevel('concurrent'), ofLevel('durable'), ofLevel('fault')];

const holders = ['a', '7', 'kit', 'kit-a', 'a-kit', 'kit-a-1', 'x'.repeat(100)];
const noHolders = ['', '-', '-kit', 'kit-', 'a--b', 'Kit', 'a/b', 'a.b', 'a b', 'clé', 'kit\n', 'x'.repeat(101)];

/** Whose accounts are, what they may do, and when they end. */
export const accountCases: readonly KitCase<CredentialsUnderTest>[] = [
  basic('what is issued may pull from the registry that it names, and do nothing else', async (trial) => {
    const issued = await issue(trial, 'kit');
    for (const credential of issued) {
      const { registry, username, password, expiresAt } = credential;
      const host = /^[a-z0-9.-]+(:\d+)?$/.test(registry);
      trial.holds('the registry', host, 'host and port as image references write them', registry);
      trial.holds('the user and the password', username !== '' && password !== '', 'texts', username);
      trial.holds('when it expires', expiresAt === undefined || expiresAt > 0, 'milliseconds, or nothing', expiresAt);
      trial.equal('whether it may push', await trial.instance.side.pushes(credential), false);
    }
    await pulling(trial, 'what was issued', issued, true);
  }),

  basic('no two holders share an account', async (trial) => {
    const issued = [];
    for (const holder of holders) issued.push(...(await issue(trial, holder)));
    const users = issued.map(({ registry, username }) => `${registry} ${username}`);
    trial.equal('the users', [...new Set(users)], users);
    trial.equal('how many passwords', new Set(issued.map(({ password }) => password)).size, issued.length);
    await pulling(trial, 'each of them', issued, true);
  }),

  basic('what is no holder is invalid, and gets no account', async (trial) => {
    const { instance } = trial;
    const before = await instance.side.accounts();
    for (const holder of noHolders) {
      const shown = JSON.stringify(holder.slice(0, 20));
      await refused(trial, `issue for ${shown}`, () => instance.issue(holder), 'invalid');
      await refused(trial, `revoke for ${shown}`, () => instance.revoke(holder), 'invalid');
    }
    trial.equal('the accounts', await instance.side.accounts(), before);
  }),

  basic('an account that is revoked pulls no more, and no other one ends with it', async (trial) => {
    const [gone, stays] = [await issue(trial, 'kit'), await issue(trial, 'kit-a')];
    await trial.within('revoke', trial.instance.revoke('kit'));
    await pulling(trial, 'the one that was revoked', gone, false);
    await pulling(trial, 'another one', stays, true);
    await pulling(trial, 'one that is issued after that', await issue(trial, 'kit'), true);
    await pulling(trial, 'the one that was revoked', gone, false);
  }),

  basic('accounts of others are neither changed nor ended', async (trial) => {
    const { instance } = trial;
    await instance.side.addForeign('kit');
    const foreign = await instance.side.accounts();
    await issue(trial, 'kit');
    await trial.within('revoke', instance.revoke('kit'));
    trial.equal('the accounts', await instance.side.accounts(), foreign);
  }),

  idempotent('who is issued another time has a new password, and one account', async (trial) => {
    const first = await issue(trial, 'kit');
    const accounts = await trial.instance.side.accounts();
    const second = await issue(trial, 'kit');
    const old = first.map(({ password }) => password);
    trial.holds('the passwords', !second.some(({ password }) => old.includes(password)), 'other ones', 'the same');
    trial.equal('how many accounts', (await trial.instance.side.accounts()).length, accounts.length);
    await pulling(trial, 'the new password', second, true);
  }),

  idempotent('what is not there may be revoked', async (trial) => {
    await trial.within('revoke of what never was', trial.instance.revoke('kit'));
    await issue(trial, 'kit');
    for (const time of ['first', 'second']) await trial.within(`the ${time} revoke`, trial.instance.revoke('kit'));
    trial.equal('the accounts', await trial.instance.side.accounts(), []);
  }),

  concurrent('holders that ask at the same time each have their own', async (trial) => {
    const names = Array.from({ length: 20 }, (_, n) => `kit-${n}`);
    const all = await trial.within('20 accounts', Promise.all(names.map((name) => trial.instance.issue(name))));
    const issued = all.flat();
    trial.equal('how many users', new Set(issued.map(({ username }) => username)).size, issued.length);
    await pulling(trial, 'each of them', issued, true);
    await trial.within('20 ends', Promise.all(names.map((name) => trial.instance.revoke(name))));
    trial.equal('the accounts', await trial.instance.side.accounts(), []);
  }),

  durable('what was issued stays good over a restart, and can be revoked after it', async (trial) => {
    const issued = await issue(trial, 'kit');
    await trial.within('stop', trial.close());
    await trial.reopen();
    await pulling(trial, 'what was issued before', issued, true);
    await trial.within('revoke', trial.instance.revoke('kit'));
    await pulling(trial, 'what was issued before', issued, false);
  }),

  fault('a call that is aborted before it begins rejects with the abort, and makes no account', async (trial) => {
    const reason = new Error('the caller has changed its mind');
    const { instance } = trial;
    const signal = AbortSignal.abort(reason);
    for (const work of [() => instance.issue('kit', signal), () => instance.revoke('kit', signal)]) {
      const error = await trial.rejects('the aborted call', work);
      trial.holds('the rejection', isAbort(error, reason), "the signal's reason, or an AbortError", error);
    }
    trial.equal('the accounts', await instance.side.accounts(), []);
  }),
];
