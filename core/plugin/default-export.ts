import { z } from 'zod';
import { schema } from '../operation/schema.js';
import { type Definition, definePlugin, type Plugin } from './definition.js';
import { issuesIn, listed } from './issues.js';
import { PluginFault } from './plugin-fault.js';
import { readable, reasonOf } from './thrown.js';

const definitionForm = z.looseObject({
  kind: z.enum(['provider', 'manager', 'vendor', 'binding']),
  type: z.string(),
  version: z.string(),
  summary: z.string(),
  host: z.string(),
  config: schema,
  provides: z.array(z.looseObject({ id: z.string() }, 'expected a port, or another ref')),
  uses: z.record(z.string(), z.looseObject({})),
  create: z.custom((value) => typeof value === 'function', 'expected a function'),
});
const pluginForm = z.looseObject({ name: z.string().min(1), definitions: z.array(definitionForm) });

const expected = 'a plugin exports by default what defineProvider, defineManager, ... or definePlugin made';

/**
 * The plugin that a module exports by default.
 *
 * @throws PluginFault and nothing else
 */
export function pluginOf(specifier: string, module: unknown): Plugin {
  try {
    return checked(specifier, module);
  } catch (thrown) {
    const cause = readable(thrown);
    if (cause instanceof PluginFault) throw cause;
    // A getter, or a proxy, that throws when it is looked at.
    throw noPlugin(specifier, `its default export cannot be read: ${reasonOf(cause).split('\n', 1)[0]}`, { cause });
  }
}

function checked(specifier: string, module: unknown): Plugin {
  const exported = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (exported === undefined) throw noPlugin(specifier, 'it has no default export');
  if (typeof exported !== 'object' || exported === null) {
    throw noPlugin(specifier, `its default export is ${exported === null ? 'null' : `a ${typeof exported}`}`);
  }
  const [form, plugin] =
    'definitions' in exported
      ? [pluginForm, exported as Plugin]
      : Array.isArray(exported)
        ? [z.array(definitionForm).min(1), definePlugin(specifier, exported as Definition[])]
        : [definitionForm, definePlugin(specifier, [exported as Definition])];
  if (form === definitionForm && !('kind' in exported)) {
    throw noPlugin(specifier, 'its default export is an object that no define function made');
  }
  const issues = issuesIn(form, exported);
  if (issues.length > 0) throw noPlugin(specifier, listed(issues));
  return plugin;
}

function noPlugin(specifier: string, reason: string, options?: ErrorOptions): PluginFault {
  const message = `"${specifier}" is not a plugin: ${reason}; ${expected}, or a list of these`;
  return new PluginFault('plugin-export', message, options);
}
