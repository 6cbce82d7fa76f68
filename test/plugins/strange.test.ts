import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtinRegistry, tuttiVersion } from '../../cli/profile.js';
import { createLog, hostRefs, StartUpError, startHost } from '../../core/host/index.js';
import { loadProfile, ProfileError, type ResolvedProfile } from '../../core/profile/index.js';

/** Plugins that somebody got wrong, and what a person is told of them: where, what, and the words that help. */
describe('a strange plugin', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-strange-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** @param files texts by path; the profile is `profile.yaml` */
  async function load(files: Readonly<Record<string, string>>): Promise<ResolvedProfile> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const options = { env: {}, registry: builtinRegistry(), hostVersion: tuttiVersion(), hostRefs };
    return loadProfile(join(folder, 'profile.yaml'), options);
  }

  async function faults(files: Readonly<Record<string, string>>): Promise<string[]> {
    const error = await load(files).catch((thrown: unknown) => thrown);
    if (!(error instanceof ProfileError)) throw new Error('expected faults', { cause: error });
    return error.faults.map(({ code, line, column, message, hint }) =>
      `${line}:${column} ${code} ${message}${hint === undefined ? '' : ` (${hint})`}`.replaceAll(folder, '<folder>'),
    );
  }

  /** A profile that loads plugins, and has entries below `providers:` and `managers:`. */
  const profile = (plugins: string, entries = 'providers: { store: { type: state.memory } }'): string =>
    `profile: strange\nplugins: [${plugins}]\n${entries}\n`;

  const plugin = (definition: string): string =>
    `import { defineManager, defineProvider, defineVendor, ref, StateProvider, TargetProvider, z } from 'tutti/plugin';
     const create = () => ({});
     export default ${definition};`;

  it.each([
    ['is a definition under a name', 'export const target = {};', /it has no default export/],
    ['is a class', 'export default class {}', /its default export is a function/],
    [
      'is an object of another kind',
      'export default { apply() {} };',
      /is an object that no define function made; a plugin exports by default what defineProvider/,
    ],
    ['is an empty list', 'export default [];', /is not a plugin: expected at least 1 element, found an empty list/],
    [
      'lacks a method to make it',
      plugin(`{ ...defineVendor({ type: 'vendor.a', version: '1.0.0', create }), create: 1 }`),
      /create: expected a function/,
    ],
    [
      'has a config that is no schema',
      plugin(`{ ...defineVendor({ type: 'vendor.a', version: '1.0.0', create }), config: { port: 1 } }`),
      /config: expected a zod schema/,
    ],
    [
      'uses what is no ref',
      plugin(`{ ...defineVendor({ type: 'vendor.a', version: '1.0.0', create }), uses: { state: 'state' } }`),
      /uses\.state: expected an object, found "state"/,
    ],
    [
      'is wrong in three places',
      plugin(`defineProvider({ port: undefined, type: 3, create: () => ({}) })`),
      /type: expected a string, found a number; version: expected a string, found nothing; .*provides\[0\]: expected a port/,
    ],
    [
      'is of a port that there is not',
      `import { defineProvider, TargetPort } from 'tutti/plugin';
      export default defineProvider({ port: TargetPort, type: 'target.a', version: '1.0.0', create: () => ({}) });`,
      /provides\[0\]: expected a port, or another ref/,
    ],
  ])('whose default export %s', async (_, source, words) => {
    const [fault, ...more] = await faults({ 'profile.yaml': profile('./it.ts'), 'it.ts': source });
    expect(more).toEqual([]);
    expect(fault).toMatch(/^2:11 plugin-export "\.\/it\.ts" is not a plugin: /);
    expect(fault).toMatch(words);
  });

  it.each([
    [
      'throws',
      "import { z } from 'tutti/plugin';\n\nthrow new Error('the licence has run out');",
      'importing "./it.ts" failed: the licence has run out (at <folder>/it.ts:3)',
    ],
    [
      'imports what nothing exports',
      "import { defineTarget } from 'tutti/plugin';\n\nexport default defineTarget({});",
      'defineTarget is not a function: does what it is imported from export it? (at <folder>/it.ts:3)',
    ],
    ['throws what is no error', "throw 'no licence';", 'importing "./it.ts" failed: no licence'],
    ['cannot be compiled', 'export default {\n  create( { }\n', 'cannot be compiled: '],
    [
      'needs a peer that is not there',
      "import 'left-pad-of-the-plant';\nexport default {};",
      "Cannot find module 'left-pad-of-the-plant' (at <folder>/it.ts:1)",
    ],
  ])('whose module %s', async (_, source, words) => {
    const [fault, ...more] = await faults({ 'profile.yaml': profile('./it.ts'), 'it.ts': source });
    expect(more).toEqual([]);
    expect(fault).toContain('2:11 plugin-import ');
    expect(fault).toContain(words);
  });

  it('whose module needs a peer that is not there, in JavaScript', async () => {
    const source = "import 'left-pad-of-the-plant';\nexport default {};";
    expect(await faults({ 'profile.yaml': profile('./it.mjs'), 'it.mjs': source })).toEqual([
      expect.stringMatching(
        /^2:11 plugin-import importing "\.\/it\.mjs" failed: Cannot find package 'left-pad-of-the-plant'/,
      ),
    ]);
  });

  it('whose folder holds no package', async () => {
    expect(await faults({ 'profile.yaml': profile('./it'), 'it/index.ts': plugin('{}') })).toEqual([
      '2:11 plugin-not-found "./it" is a folder without a package.json, which would name the module to import: ' +
        "write one, or name the module's file",
    ]);
  });

  it.each([
    ['says nothing of where it begins', { name: 'it' }, 'Cannot find module'],
    ['exports nothing to import', { name: 'it', exports: { './other': './other.js' } }, 'names no module'],
    ['names a file that is not there', { name: 'it', exports: './lib.js' }, 'Cannot find module'],
  ])('whose package %s', async (_, manifest, words) => {
    const files = {
      'profile.yaml': profile('./it'),
      'it/package.json': JSON.stringify({ type: 'module', ...manifest }),
    };
    const [fault, ...more] = await faults(files);
    expect(more).toEqual([]);
    expect(fault).toMatch(/^2:11 plugin-(?:import|not-found) /);
    expect(fault).toContain(words);
    expect(fault).toContain('"./it"');
  });

  it('that is for another host', async () => {
    const source = plugin(`defineVendor({ type: 'vendor.a', version: '1.0.0', host: '>=99', create })`);
    expect(await faults({ 'profile.yaml': profile('./it.ts'), 'it.ts': source })).toEqual([
      `2:11 host-version vendor.a of ./it.ts works with hosts ">=99"; this host is ${tuttiVersion()}`,
    ]);
  });

  it('whose type is that of a built-in, or of another plugin', async () => {
    const source = (type: string) =>
      plugin(`defineProvider({ port: StateProvider, type: '${type}', version: '1.0.0', create })`);
    const files = {
      'profile.yaml': profile('./one.ts, ./two.ts, ./three.ts'),
      'one.ts': source('state.memory'),
      'two.ts': source('state.plant'),
      'three.ts': source('state.plant'),
    };
    expect(await faults(files)).toEqual([
      '2:11 duplicate-type "state.memory" of ./one.ts is already defined by tutti',
      '2:31 duplicate-type "state.plant" of ./three.ts is already defined by ./two.ts',
    ]);
  });

  it('whose definition is of another slot than its type, or stands in another', async () => {
    const files = {
      'profile.yaml': profile('./wrong.ts, ./right.ts', 'providers:\n  a: { type: vendor.plant }'),
      'wrong.ts': plugin(`defineProvider({ port: StateProvider, type: 'target.plant', version: '1.0.0', create })`),
      'right.ts': plugin(`defineVendor({ type: 'vendor.plant', version: '1.0.0', create })`),
    };
    expect(await faults(files)).toEqual([
      '2:11 wrong-namespace target.plant of ./wrong.ts is a provider of the port "state", so its type must start with "state."',
      '4:14 wrong-kind "vendor.plant" is a vendor; it belongs under vendors:',
    ]);
  });

  it('whose declaration its port does not know', async () => {
    const source = plugin(
      `defineProvider({ port: TargetProvider, type: 'target.plant', version: '1.0.0', create, declares: { components: [], dryRun: false, parallel: 0 } })`,
    );
    expect(await faults({ 'profile.yaml': profile('./it.ts'), 'it.ts': source })).toEqual([
      expect.stringMatching(
        /^2:11 malformed-declaration target\.plant of \.\/it\.ts: declares\.components: expected at least 1 element, found an empty list$/,
      ),
      expect.stringMatching(
        /^2:11 malformed-declaration target\.plant of \.\/it\.ts: declares\.parallel: expected at least 1, found a number$/,
      ),
    ]);
  });

  it('that needs what nobody provides', async () => {
    const source = plugin(
      `defineManager({ type: 'manager.plant', version: '1.0.0', uses: { forecast: ref('manager.weather'), store: StateProvider }, create })`,
    );
    const entries = 'managers:\n  plant: { type: manager.plant }';
    expect(await faults({ 'profile.yaml': profile('./it.ts', entries), 'it.ts': source })).toEqual([
      '4:3 missing-provider manager.plant needs "manager.weather" (its "forecast"), and no entry provides it (no known type provides it; is a plugin missing?)',
      expect.stringContaining(
        '4:3 missing-provider manager.plant needs "state" (its "store"), and no entry provides it (add one of these: state.memory',
      ),
    ]);
  });

  it('whose definitions need each other', async () => {
    const source = `import { defineManager, ref } from 'tutti/plugin';
      const [hen, egg] = [ref('manager.hen'), ref('manager.egg')];
      const create = () => ({});
      export default [
        defineManager({ provides: hen, type: 'manager.hen', version: '1.0.0', uses: { egg }, create }),
        defineManager({ provides: egg, type: 'manager.egg', version: '1.0.0', uses: { hen }, create }),
      ];`;
    const entries = 'managers:\n  hen: { type: manager.hen }\n  egg: { type: manager.egg }';
    expect(await faults({ 'profile.yaml': profile('./it.ts', entries), 'it.ts': source })).toEqual([
      expect.stringMatching(
        /^[45]:3 cycle these entries use each other in a circle: (?:hen -> egg -> hen|egg -> hen -> egg)$/,
      ),
    ]);
  });

  async function started(create: string): Promise<string> {
    const entries = `host: { deadlines: { start: 100ms, stop: 100ms } }\ndata: ${folder}/data\nproviders:\n  odd: { type: state.odd }\n  store: { type: state.memory }\nmanagers:\n  user: { type: manager.user, uses: { state: odd } }`;
    const resolved = await load({
      'profile.yaml': profile('./it.ts', entries),
      'it.ts': plugin(`[
        defineProvider({ port: StateProvider, type: 'state.odd', version: '1.0.0', create: ${create} }),
        defineManager({ type: 'manager.user', version: '1.0.0', uses: { state: StateProvider }, create }),
      ]`),
    });
    const log = createLog({ level: 'error', format: 'json' });
    const error = await startHost(resolved, { version: tuttiVersion(), log }).catch((thrown: unknown) => thrown);
    if (!(error instanceof StartUpError)) throw new Error('expected that it cannot start', { cause: error });
    return error.message;
  }

  it.each([
    ['throws', "() => { throw new Error('no port left'); }", 'no port left'],
    ['throws what is no error', "() => { throw 'no port left'; }", 'no port left'],
    ['makes nothing', '() => undefined', 'its create made undefined; expected an object with what it provides'],
    ['makes a text', "() => 'state'", 'its create made a string; expected an object with what it provides'],
    [
      'makes a promise',
      'async () => ({})',
      'its create made a promise; expected an object with what it provides: what takes time belongs into start',
    ],
  ])('that %s when it is made', async (_, create, words) => {
    expect(await started(create)).toBe(
      `strange could not start: 1 entry failed; everything is stopped again\n  odd (state.odd): ${words}`,
    );
  });

  it.each([
    ['throws', "() => ({ start() { throw new Error('the disk is full'); } })", '  odd: the disk is full'],
    ['rejects', "() => ({ start: async () => { throw 'the disk is full'; } })", '  odd: the disk is full'],
    ['hangs', '() => ({ start: () => new Promise(() => undefined) })', '  odd: start took longer than 100 ms'],
  ])('that %s when it is started', async (_, create, words) => {
    expect((await started(create)).split('\n')).toEqual([
      'strange could not start: 1 entry failed; everything is stopped again',
      words,
      '  user: not started, it needs odd',
    ]);
  });
});
