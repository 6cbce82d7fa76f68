import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportsOf } from './author-api.js';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A package that somebody else writes, beside what `npm install` makes of our tarball: it and its dependencies alone. */
describe('the published package', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-published-'));
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
    });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    await run('tar', ['-xzf', join(folder, filename), '-C', folder]);
    await mkdir(join(folder, 'node_modules'));
    await rename(join(folder, 'package'), join(folder, 'node_modules/tutti'));
    const { dependencies } = JSON.parse(await readFile(join(folder, 'node_modules/tutti/package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    // What an author in TypeScript has anyway: the types of Node.
    for (const name of [...Object.keys(dependencies), '@types/node']) {
      const at = join(folder, 'node_modules', name);
      await mkdir(dirname(at), { recursive: true });
      await symlink(join(root, 'node_modules', name), at);
    }
    await mkdir(join(folder, 'node_modules/.bin'));
    await symlink('../tutti/dist/cli/main.js', join(folder, 'node_modules/.bin/tutti'));
    await writeFile(join(folder, 'package.json'), '{ "name": "stranger", "type": "module" }');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What importing comes to: the names that there are, or the error's code. */
  async function imported(specifier: string, options = ''): Promise<string[]> {
    const program = `import(${JSON.stringify(specifier)}${options}).then((m) => Object.keys(m), (e) => [e.code]).then((l) => console.log(l.join()))`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    return stdout.trim().split(',');
  }

  /** @returns what the compiler says: nothing when all is well */
  async function compiled(files: Readonly<Record<string, string>>): Promise<string> {
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [compiler, '-p', folder], { cwd: folder }).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  it('has an author API, and one for tests', async () => {
    expect(await imported('tutti/plugin')).toEqual(expect.arrayContaining(['defineProvider', 'StateProvider', 'z']));
    expect(await imported('tutti/testing')).toEqual(expect.arrayContaining(['startTestHost', 'stateKit', 'runKit']));
    expect(await imported('tutti/package.json', ", { with: { type: 'json' } }")).toEqual(['default']);
  });

  it.each([
    'tutti',
    'tutti/plugin/index.js',
    'tutti/testing/state',
    'tutti/core/ports/state.js',
    'tutti/dist/core/plugin/index.js',
    'tutti/dist/core/ports/index.js',
    'tutti/dist/cli/main.js',
    'tutti/config/wfm.yaml',
  ])('lets nobody in by another way: %s', async (specifier) => {
    expect(await imported(specifier)).toEqual(['ERR_PACKAGE_PATH_NOT_EXPORTED']);
    expect(
      await compiled({ 'other.ts': `import type * as other from '${specifier}';\nexport type T = typeof other;\n` }),
    ).toContain(`Cannot find module '${specifier}'`);
  });

  it('has types that need nothing but its own dependencies and those of Node', async () => {
    expect(await compiled({ 'target.ts': target, 'vendor.ts': vendor, 'kit.ts': kit })).toBe('');
  });

  it('types what an author gets wrong', async () => {
    const wrong = target.replace("phase: 'running' as const", "phase: 'walking' as const");
    expect(await compiled({ 'target.ts': wrong })).toMatch(/target\.ts.*error TS2322/);
    const undeclared = target.replace("changes: { properties: ['*'], parameters: ['*'] }", 'changes: {}');
    expect(await compiled({ 'target.ts': undeclared })).toMatch(/target\.ts.*error TS2739/);
  });

  it('begins a package that is tried with the version that it was begun with', async () => {
    const tutti = (cwd: string, ...words: string[]) => run('npx', ['--no-install', 'tutti', ...words], { cwd });
    await tutti(folder, 'plugin', 'new', 'target', 'press');
    const own = join(folder, 'press');
    const { version } = JSON.parse(await readFile(join(folder, 'node_modules/tutti/package.json'), 'utf8'));
    expect(JSON.parse(await readFile(join(own, 'package.json'), 'utf8'))).toMatchObject({
      peerDependencies: { tutti: `>=${version}` },
      devDependencies: { tutti: `^${version}` },
    });
    expect((await tutti(own, 'validate', 'profile.yaml')).stdout).toContain('is valid: profile press');
    expect((await tutti(own, 'plugin', 'test', '.')).stdout).toMatch(/^[1-9]\d* passed, 0 failed, \d+ skipped$/m);
  });

  it('says of each type how settled it is, as the sources do', async () => {
    const files = ['plugin', 'testing'].map((name) => join(folder, `node_modules/tutti/dist/core/${name}/index.d.ts`));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ files }));
    const published = exportsOf(join(folder, 'tsconfig.json'), files);
    for (const file of files) {
      const names = published.get(file)?.filter(({ name }) => name !== 'z') ?? [];
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter(({ marks }) => marks.length !== 1)).toEqual([]);
    }
  });
});

const target = `
import { capabilitiesOf, componentDigest, componentFaults, defineProvider, TargetFault, TargetProvider, z } from 'tutti/plugin';
import type { ActualComponent, ComponentType, Lifecycle, TargetDeclaration } from 'tutti/plugin';

const component: ComponentType = {
  deploymentType: 'script',
  properties: z.object({ interpreter: z.string().default('sh').describe('What runs it') }),
  changes: { properties: ['*'], parameters: ['*'] },
};
const declares: TargetDeclaration = { components: [component], dryRun: false, parallel: 2 };

export default defineProvider({
  port: TargetProvider,
  type: 'target.stranger',
  version: '1.0.0',
  host: '>=0.1.0',
  needs: { programs: 'sh' },
  config: z.strictObject({ folder: z.string().default('scripts').describe('Where scripts lie') }),
  declares,
  create: ({ config, clock, log, resolvePath }): TargetProvider & Lifecycle => {
    const made = new Map<string, ActualComponent>();
    return {
      start: () => log.info(resolvePath(config.folder), { at: clock.now() }),
      describe: async () =>
        capabilitiesOf(declares, { runtimes: ['custom'], facts: { cpus: [{ cores: 1 }], memory: '1Gi', storage: '1Gi' } }),
      actual: async () => [],
      apply: async (application, name, { signal, progress }) => {
        signal.throwIfAborted();
        const desired = application.components.find((one) => one.name === name);
        if (!desired) throw new TargetFault('invalid', 'no ' + name, false);
        const [fault] = componentFaults(desired, component);
        if (fault !== undefined) throw new TargetFault('invalid', fault, false);
        progress('running ' + name);
        made.set(name, { name, phase: 'running' as const, applied: componentDigest(desired, component.changes) });
      },
      remove: async (_application, name) => void made.delete(name),
      watch: async function* () {},
      logs: async () => [],
    };
  },
});
`;

const vendor = `
import { anyone, collection, defineOperation, defineVendor, EventBus, eventType, every, ok, optional, Problem, problems } from 'tutti/plugin';
import { put, secret, serve, StateProvider, stream, z, type Client, clientOf, memoryTransport, nobody } from 'tutti/plugin';

const notes = collection<{ text: string }>('notes', { text: ({ text }) => [text] });
const written = eventType<{ id: string }>('notes.written');
const get = defineOperation({
  id: 'note.get', summary: 'A note', input: z.strictObject({ id: z.string() }),
  output: { kind: 'value', schema: z.object({ text: z.string() }) },
  problems: [problems.notFound], access: anyone, idempotency: 'safe', http: { method: 'GET', path: '/notes/{id}' },
});
const watch = defineOperation({
  ...get, id: 'note.watch', output: { kind: 'stream', schema: z.object({ text: z.string() }) },
  http: { method: 'GET', path: '/notes/{id}/watch' },
});

export default defineVendor({
  type: 'vendor.stranger', version: '1.0.0', operations: [get, watch],
  config: z.strictObject({ token: secret(z.string()).optional() }),
  uses: { state: StateProvider, events: optional(EventBus), all: every(StateProvider) },
  create: ({ uses: { state, events } }) => ({
    operations: [
      serve(get, async ({ input }) => {
        const found = await state.get(notes, input.id);
        if (!found) throw new Problem(problems.notFound, 'no note ' + input.id);
        await state.commit([put(notes, input.id, found.value, found.revision)]);
        await events?.publish(written, { id: input.id });
        return ok(found.value, String(found.revision));
      }),
      serve(watch, ({ signal }) => stream((async function* () {
        for await (const event of state.watch(notes, signal)) if (event.kind === 'put') yield { data: event.value };
      })())),
    ],
  }),
});

export type Notes = Client<{ get: typeof get }>;
export const notesOf = (surface: Parameters<typeof memoryTransport>[0]): Notes =>
  clientOf({ get }, { transport: memoryTransport(surface), prefix: '', credentials: nobody });
`;

const kit = `
import type { TargetProvider } from 'tutti/plugin';
import { formatReport, runKit, stateKit, subjectsOf, targetKit, testContext } from 'tutti/testing';
import type { KitSubject, MakeSubject, TargetPlatform, TargetUnderTest } from 'tutti/testing';
import definition from './target.js';

export const reports = async (platform: TargetPlatform): Promise<string> => {
  const make: MakeSubject<TargetUnderTest> = async () => {
    const { instance, start, dispose } = await testContext<TargetProvider>(definition, { config: { folder: 'x' } });
    await start();
    const subject: KitSubject<TargetUnderTest> = { instance: Object.assign(instance, { platform }), dispose };
    return subject;
  };
  const report = await runKit(targetKit, make, { levels: ['basic'], seed: 1 });
  await runKit(stateKit, subjectsOf(definition));
  return formatReport(report);
};
`;
