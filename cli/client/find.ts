import { exitCodes } from '../exit-codes.js';
import { CommandFailure, invalid } from '../failure.js';
import type { Filter, Item, Kind } from '../resources/index.js';
import { list } from './list.js';
import type { Operator } from './operator.js';

const fullId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const idPart = /^[0-9a-f-]+$/;
const shown = 8;

/**
 * The thing that a person means: by its whole id, by its name where only one has it, or by the beginning of an id that
 * only one has. A name goes before an abbreviation.
 *
 * @throws CommandFailure `notFound`, or `invalid` with all that it could mean
 */
export async function find<T extends Item>(
  client: Operator,
  kind: Kind<T>,
  word: string,
  filter: Filter = {},
): Promise<T> {
  if (fullId.test(word)) return kind.get(client, word, filter);
  const named = word === '' ? [] : await called();
  const meant = named.length > 0 ? named : await begun();
  const [only, ...others] = meant;
  if (only === undefined) {
    throw new CommandFailure(
      exitCodes.notFound,
      `there is no ${kind.singular} "${word}"`,
      `see what there is: tutti get ${kind.plural}`,
    );
  }
  if (others.length > 0) {
    const lines = meant.slice(0, shown).map(({ id, metadata }) => `\n  ${id}  ${metadata.name}`);
    const rest = meant.length > shown ? `\n  and ${meant.length - shown} more` : '';
    throw invalid(
      `"${word}" can mean ${meant.length} ${kind.plural}:${lines.join('')}${rest}`,
      'name one of them by its id',
    );
  }
  return only;

  function called(): Promise<T[]> {
    // Deployments are asked for by name or by package; those of one package are few.
    const server = kind.plural !== 'deployments' || filter.appPackageId === undefined;
    const asked = server ? { ...filter, name: word } : filter;
    return all(list(client, kind, asked), ({ metadata }) => metadata.name === word);
  }

  /** Only what could begin an id is worth a look through all there are. */
  async function begun(): Promise<T[]> {
    const start = word.toLowerCase();
    if (!idPart.test(start)) return [];
    return all(list(client, kind, filter), ({ id }) => id.startsWith(start));
  }
}

async function all<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean = () => true): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) if (wanted(item)) found.push(item);
  return found;
}
