import type { Role } from '../../core/operation/index.js';
import type { TokenAnswer } from '../../vendors/operator/answers.js';
import { type ConnectionOptions, withClient } from '../client/index.js';
import { age, instant } from '../duration.js';
import type { Format } from '../output/formats.js';
import { render } from '../output/render.js';
import type { Column } from '../output/table.js';
import type { Terminal } from '../terminal.js';

export interface CreateTokenOptions extends ConnectionOptions {
  readonly role: Role;
  /** Milliseconds. */
  readonly lifetime?: number;
}

/** `tutti token create NAME`: the token alone goes to standard output. */
export async function createToken(terminal: Terminal, name: string, options: CreateTokenOptions): Promise<void> {
  const { role, lifetime } = options;
  await withClient(terminal, options, async (client) => {
    const asked = { name, role, ...(lifetime !== undefined && { lifetimeSeconds: Math.ceil(lifetime / 1000) }) };
    const made = await client.createToken(asked);
    terminal.out(made.token);
    terminal.note(`token ${made.id} (${made.name}, ${made.role}); it is shown this once`);
    terminal.next('keep it in a file of mode 0600 and use it with --token-file FILE');
  });
}

/** `tutti token list` */
export async function listTokens(
  terminal: Terminal,
  options: ConnectionOptions & { readonly output: Format },
): Promise<void> {
  await withClient(terminal, options, async (client) => {
    const { items } = await client.listTokens({});
    const columns: Column<TokenAnswer>[] = [
      { head: 'ID', value: ({ id }) => id },
      { head: 'NAME', value: ({ name }) => name },
      { head: 'ROLE', value: ({ role }) => role },
      { head: 'AGE', value: ({ createdAt }) => age(instant(createdAt), Date.now()) },
      { head: 'EXPIRES', value: ({ expiresAt }) => (expiresAt === undefined ? 'never' : instant(expiresAt)) },
    ];
    terminal.out(await render(items, columns, options.output, false));
    terminal.next('tutti token revoke ID');
  });
}

/** `tutti token revoke ID` */
export async function revokeToken(terminal: Terminal, id: string, options: ConnectionOptions): Promise<void> {
  await withClient(terminal, options, async (client) => {
    await client.revokeToken({ id });
    terminal.out(`token ${id} revoked`);
    terminal.next('tutti token list');
  });
}
