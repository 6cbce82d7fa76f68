import type { MountedOperation } from '../operation/index.js';
import type { VendorOffer } from '../plugin/definition.js';
import type { ResolvedProfile } from '../profile/index.js';

/** All that the vendors of a profile offer, where its bindings serve them. */
export function offeredOperations(
  { entries }: Pick<ResolvedProfile, 'entries'>,
  instanceOf: (entry: string) => object | undefined,
): readonly MountedOperation[] {
  return entries
    .filter(({ slot }) => slot === 'vendors')
    .flatMap(({ name, path = '' }) => {
      const { operations = [] } = (instanceOf(name) ?? {}) as VendorOffer;
      return operations.map((served) => ({ ...served, vendor: name, prefix: path }));
    });
}
