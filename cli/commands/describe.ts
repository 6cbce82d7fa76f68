import { type ConnectionOptions, find, type Operator, withClient } from '../client/index.js';
import { fields } from '../output/text.js';
import { type Filter, type Item, type Kind, kindOf, packages } from '../resources/index.js';
import type { Terminal } from '../terminal.js';

export interface DescribeOptions extends ConnectionOptions {
  readonly package?: string;
}

/** `tutti describe KIND ID` */
export async function describe(terminal: Terminal, word: string, id: string, options: DescribeOptions): Promise<void> {
  const kind = kindOf(word);
  await withClient(terminal, options, async (client) => {
    const appPackageId = options.package === undefined ? undefined : (await find(client, packages, options.package)).id;
    const filter = kind.plural === 'devices' ? { appPackageId } : {};
    if (kind.plural === 'packages') return show(terminal, client, kind, id, filter);
    if (kind.plural === 'devices') return show(terminal, client, kind, id, filter);
    return show(terminal, client, kind, id, filter);
  });
}

async function show<T extends Item>(
  terminal: Terminal,
  client: Operator,
  kind: Kind<T>,
  id: string,
  filter: Filter,
): Promise<void> {
  const item = await find(client, kind, id, filter);
  terminal.out(fields(kind.describe(item, Date.now())));
  terminal.next(kind.next(item));
}
