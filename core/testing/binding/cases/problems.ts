import { problems } from '../../../operation/index.js';
import type { KitCase } from '../../kit.js';
import type { BindingUnderTest } from '../subject.js';
import { full } from '../toy/operations.js';
import { fullDetails } from '../toy/vendor.js';
import { answered, basic, holdsNothingHidden, refused } from './means.js';

/** Problems are the same on every binding, member by member. */
export const problemCases: readonly KitCase<BindingUnderTest>[] = [
  basic('a problem arrives with all of its members', async (trial) => {
    const { problem } = await refused(trial, full, 'refuse', { which: 'full' });
    trial.equal('its type, title, status and whether it is worth another try', { ...problem.kind }, { ...full });
    trial.equal('its detail', problem.detail, 'no room for "ü"');
    trial.equal('its errors', problem.errors, fullDetails.errors);
    trial.equal('its retryAfterSeconds', problem.retryAfterSeconds, fullDetails.retryAfterSeconds);
    trial.equal('its extensions', { ...problem.extensions }, fullDetails.extensions);
  }),

  basic('every common problem keeps its type, title and status', async (trial) => {
    for (const kind of Object.values(problems)) {
      const { problem } = await refused(trial, kind, 'refuse', { which: kind.type });
      trial.equal(`the problem ${kind.type}`, { ...problem.kind }, { ...kind });
      trial.equal(`the detail of ${kind.type}`, problem.detail, `this is ${kind.title}`);
      trial.equal(`the errors of ${kind.type}, which has none`, problem.errors, []);
    }
  }),

  basic('an exception that nobody declared answers internal, and says nothing of itself', async (trial) => {
    const { problem } = await refused(trial, problems.internal, 'refuse', { which: 'undeclared' });
    trial.equal('its status', problem.kind.status, 500);
    holdsNothingHidden(trial, 'what the caller of an operation that threw is told', problem);
  }),

  basic('an input that is not as declared answers each fault with its field', async (trial) => {
    const given = { text: 'x'.repeat(21), list: ['a', 'too long'], count: 1e7 };
    const { problem } = await refused(trial, problems.semanticError, 'type', given);
    const fields = problem.errors.map(({ field }) => field).sort();
    trial.equal('the fields at fault', fields, ['count', 'list.1', 'text']);
    for (const { field, message } of problem.errors) {
      trial.holds(`the message for ${field}`, message.length > 0, 'a sentence', message);
    }
  }),

  basic('a field that an input does not have is refused', async (trial) => {
    trial.instance.needs('unknown-fields');
    await refused(trial, problems.semanticError, 'type', { txt: 'a typing error' });
  }),

  basic('a vendor may word its problems', async (trial) => {
    const answer = await trial.instance.call('reword', {});
    trial.holds('the answer', answer.kind === 'problem', 'a problem', answer.kind);
    if (answer.kind !== 'problem') return;
    trial.equal('its type', answer.problem.kind.type, 'https://toy.example/problems/worded');
    trial.equal('its detail', answer.problem.detail, 'in words of the vendor: in plain words');
  }),

  basic('an operation that nobody offers is not found', async (trial) => {
    await refused(trial, problems.notFound, 'absent', {});
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
  }),
];
