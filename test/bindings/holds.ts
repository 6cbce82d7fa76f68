import { describe, expect, test } from 'vitest';
import { type BindingUnderTest, bindingKit, type MakeSubject, runCase } from '../../core/testing/index.js';

/** Milliseconds that a call of many at once may take on a machine that does other things too. */
const patience = 60_000;

/** A test for each case of the kit; what it skips says why. */
export function holds(name: string, make: MakeSubject<BindingUnderTest>): void {
  describe(name, () => {
    test.for(bindingKit.cases.map((each) => [each.name, each] as const))('%s', async ([, each], { skip }) => {
      const { failure, reason } = await runCase(each, make, { patience });
      expect(failure).toBeUndefined();
      skip(reason !== undefined, reason);
    });
  });
}
