import { type DescribedBinding, describeBindings, hostRefs } from '../../core/host/index.js';
import { contractProblems, type Operation } from '../../core/operation/index.js';
import type { DefinitionRegistry } from '../../core/plugin/registry.js';
import { loadProfile } from '../../core/profile/index.js';
import { fieldsOf } from './fields.js';
import { code, list, page, sentence, settings, table } from './text.js';

/** A vendor of a shipped profile, and what it serves there. */
export interface Offer {
  readonly vendorType: string;
  readonly prefix: string;
  readonly operations: readonly Operation[];
}

/** What the vendors of a profile serve, by type. Makes the profile's entries, and starts none. */
export async function offersOf(
  file: string,
  registry: DefinitionRegistry,
  hostVersion: string,
): Promise<readonly Offer[]> {
  const profile = await loadProfile(file, { env: {}, registry, hostVersion, hostRefs });
  const mounted = describeBindings(profile).flatMap(({ operations }: DescribedBinding) => operations);
  return profile.entries
    .filter(({ slot }) => slot === 'vendors')
    .map(({ name, definition, path = '' }) => {
      const own = mounted.filter(({ vendor }) => vendor === name).map(({ operation }) => operation);
      return { vendorType: definition.type, prefix: path, operations: [...new Set(own)] };
    });
}

export function operationsPage(offers: readonly Offer[]): string {
  return page(
    'Operations',
    'What the shipped profiles serve. Every binding carries every operation; method and path are those of HTTP, and the form that signatures cover on all of them.',
    `Any operation may also answer these problems without declaring them: ${contractProblems.map(({ status, title }) => `${status} ${title}`).join(', ')}.`,
    table(
      ['operation', 'method and path', 'who may', 'what'],
      offers.flatMap(({ prefix, operations }) =>
        operations.map(({ id, summary, http, access }) => [
          `[\`${id}\`](#${id.replaceAll('.', '')})`,
          code(`${http.method} ${prefix}${http.path}`),
          access.rule,
          summary,
        ]),
      ),
    ),
    ...offers
      .filter(({ operations }) => operations.length > 0)
      .flatMap(({ vendorType, prefix, operations }) => [
        `## ${vendorType}${prefix === '' ? '' : ` under ${prefix}`}`,
        ...operations.flatMap((operation) => sections(operation, prefix)),
      ]),
  );
}

function sections(operation: Operation, prefix: string): string[] {
  const { id, summary, http, access, idempotency, problems, input, output } = operation;
  const fields = fieldsOf(input, 'input');
  return [
    `### ${id}`,
    sentence(summary),
    list([
      `HTTP: ${[http.path, ...(http.aliases ?? [])].map((path) => code(`${http.method} ${prefix}${path}`)).join(', ')}`,
      `who may: ${access.rule}`,
      `calling again: ${{ safe: 'changes nothing', idempotent: 'has the same effect as once', once: 'has its effect again, but under the same idempotency key' }[idempotency]}`,
      ...(problems.length === 0
        ? []
        : [`problems: ${problems.map(({ status, title }) => `${status} ${title}`).join(', ')}`]),
    ]),
    fields.length === 0 ? 'It takes no input.' : `Input:\n\n${settings(fields)}`,
    answer(output),
  ];
}

function answer(output: Operation['output']): string {
  if (output.kind === 'empty') return 'It answers nothing but that it is done.';
  if (output.kind === 'representation') return `It answers bytes: ${output.mediaTypes.map(code).join(', ')}.`;
  const fields = fieldsOf(output.schema, 'output');
  const what = output.kind === 'stream' ? 'It answers a stream; each item' : 'It answers';
  return fields.length === 0 ? `${what}: any JSON.` : `${what}:\n\n${settings(fields, 'always')}`;
}
