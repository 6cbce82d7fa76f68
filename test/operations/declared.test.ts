import { expect, it } from 'vitest';
import { readProfile } from '../../cli/profile.js';
import { describeBindings } from '../../core/host/index.js';

it.each(['config/wfm.yaml', 'config/agent.process.yaml'])('the vendors of %s serve what they declare', async (file) => {
  const profile = await readProfile(file);
  const [binding] = describeBindings(profile);
  for (const { name, definition } of profile.entries) {
    if (definition.kind !== 'vendor' || !definition.operations) continue;
    const served = binding?.operations.filter(({ vendor }) => vendor === name).map(({ operation }) => operation.id);
    expect(served?.sort()).toEqual(definition.operations.map(({ id }) => id).sort());
  }
  expect.hasAssertions();
});
