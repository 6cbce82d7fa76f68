import { expect, it } from 'vitest';
import { builtins } from '../../../cli/builtins.js';
import { readProfile } from '../../../cli/profile.js';
import { describeBindings } from '../../../core/host/index.js';
import { assignNumbers, entriesOf } from './lock.js';
import { builtinNumbers } from './numbers.js';
import { describe } from './schema.js';

const profiles = ['config/wfm.yaml', 'config/wfm.harbor.yaml', 'config/agent.process.yaml'];
const commands = profiles
  .map((profile) => `npx tutti proto ${profile} --lock vendors/grpc/wire/numbers.lock.json`)
  .join(' && ');

it('has a locked number for every field of every built-in operation', async () => {
  const read = await Promise.all(profiles.map((file) => readProfile(file)));
  const vendors = new Set(read.flatMap(({ entries }) => entries.map(({ definition }) => definition.type)));
  const missed = Object.keys(builtins.definitions).filter((type) => type.startsWith('vendor.') && !vendors.has(type));
  expect(missed, 'built-in vendors that none of the profiles here has').toEqual([]);
  for (const profile of read) {
    const operations = describeBindings(profile).flatMap((binding) => binding.operations);
    const { added } = assignNumbers(describe(operations), builtinNumbers);
    expect(entriesOf(added), `fields without a number; run: npm run build && ${commands}`).toEqual([]);
  }
});
