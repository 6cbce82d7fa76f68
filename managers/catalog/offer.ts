import { Problem, problems } from '../../core/operation/index.js';
import { RegistryFault } from '../../core/ports/index.js';
import type { OfferPage, OfferQuery } from './index.js';

/**
 * One page of what a registry lists from `from` on.
 * @param listed `undefined` when its provider cannot list
 * @throws Problem, in the words of the registry
 */
export async function offerPage<T>(
  listed: AsyncIterable<T> | undefined,
  { limit, from }: OfferQuery,
): Promise<OfferPage<T>> {
  if (!listed) throw new Problem(problems.semanticError, 'the registry provider of this profile cannot list');
  const items: T[] = [];
  try {
    for await (const item of listed) {
      // One more than wanted has come, so there is another page.
      if (items.length === limit) return { items, next: from + limit };
      items.push(item);
    }
  } catch (error) {
    throw error instanceof RegistryFault ? problemOf(error) : error;
  }
  return { items };
}

function problemOf(cause: RegistryFault): Problem {
  const { reason, message } = cause;
  if (reason === 'not-found') return new Problem(problems.notFound, message, { cause });
  if (reason === 'unreachable' || reason === 'corrupt') return new Problem(problems.unavailable, message, { cause });
  return new Problem(problems.semanticError, message, { cause });
}
