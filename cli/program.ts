import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { kitLevels } from '../core/testing/kit-options.js';
import { type Decision, decisions } from './commands/decisions.js';
import { parseDuration } from './duration.js';
import { exitCodeHelp } from './exit-codes.js';
import { formats } from './output/formats.js';
import type { Terminal } from './terminal.js';

/**
 * The command line. A command's module is imported when it is run, so that none pays for what another needs.
 *
 * @param version of the program
 */
export function createProgram(terminal: Terminal, version: string): Command {
  const program = new Command('tutti')
    .description('One host, one profile, a fleet of workloads.')
    .version(version)
    .showHelpAfterError('(try: tutti --help)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.note(text.trimEnd()) })
    .addHelpText('after', exitCodeHelp);
  hostCommands(program, terminal);
  pluginCommands(program, terminal);
  objectCommands(program, terminal);
  callCommand(program, terminal);
  for (const decision of Object.keys(decisions) as Decision[]) {
    connected(program.command(decision))
      .description(`${decision} a device`)
      .addArgument(new Argument('<kind>').choices(['device']))
      .argument('<id>', 'its id, the beginning of it, or its name')
      .action(async (_kind, id, options) =>
        (await import('./commands/decide.js')).decide(terminal, decision, id, options),
      );
  }
  pushCommand(program, terminal);
  pkiCommands(program, terminal);
  tokenCommands(program, terminal);
  benchCommands(program, terminal);
  return program;
}

function hostCommands(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .description('run a host from a profile')
    .argument('<profile>', 'YAML file')
    .action(async (file) => (await import('./commands/run.js')).run(terminal, file));
  program
    .command('dev')
    .description('run a host, and reload it at each save of its profile or of a plugin that is named by path')
    .argument('<profile>', 'YAML file')
    .action(async (file) => (await import('./commands/dev.js')).dev(terminal, file));
  program
    .command('reload')
    .description('have the host that runs a profile become what the file says now')
    .argument('<profile>', 'YAML file')
    .option('--timeout <duration>', 'how long to wait for the outcome', parseDuration, 300_000)
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'))
    .action(async (file, options) => (await import('./commands/reload.js')).reload(terminal, file, options));
  program
    .command('validate')
    .description('check a profile and start nothing')
    .argument('<profile>', 'YAML file')
    .action(async (file) => (await import('./commands/validate.js')).validate(terminal, file));
  explainCommand(program, terminal);
  program
    .command('schema')
    .description('JSON Schema of profiles, for editors')
    .argument('[profile]', 'YAML file whose plugins are in it, however faulty the rest of it is')
    .action(async (file) => (await import('./commands/schema.js')).schema(terminal, file));
  program
    .command('openapi')
    .description('OpenAPI 3.1 of what the HTTP binding of a profile serves')
    .argument('[profile]', 'YAML file', 'config/wfm.yaml')
    .option('--binding <name>', 'where the profile has several')
    .action(async (file, options) => (await import('./commands/openapi.js')).openapi(terminal, file, options));
  program
    .command('proto')
    .description('the .proto of what a profile serves over gRPC, or would')
    .argument('[profile]', 'YAML file', 'config/wfm.yaml')
    .option('--lock <file>', 'field numbers of what is not built in: read, and completed; made if it is not there')
    .option('--check', 'fail if a field has no locked number; write nothing')
    .action(async (file, options) => (await import('./commands/proto.js')).proto(terminal, file, options));
  program
    .command('asyncapi')
    .description('AsyncAPI 3.0 of what a profile serves over MQTT, or would')
    .argument('[profile]', 'YAML file', 'config/wfm.yaml')
    .option('--binding <name>', 'where the profile has several')
    .action(async (file, options) => (await import('./commands/asyncapi.js')).asyncapi(terminal, file, options));
}

/** Under two names: what a type is, is asked by who writes a profile and by who looks at a plugin. */
function explainCommand(parent: Command, terminal: Terminal): void {
  parent
    .command('explain')
    .description('what profiles can be made of: all types, or one with its config')
    .argument('[type]', 'such as state.sqlite')
    .option('-f, --filename <profile>', 'YAML file whose plugins are loaded too')
    .action(async (type, options) => (await import('./commands/explain.js')).explain(terminal, type, options));
}

function pluginCommands(program: Command, terminal: Terminal): void {
  const plugin = program.command('plugin').description('plugins: begin one, see what they are');
  plugin
    .command('new')
    .description('begin a plugin: a package in TypeScript that runs as it is')
    .argument('<kind>', 'target, state, events, registry, secret, wfm, manager, vendor or binding')
    .argument('<name>', "the package's name, such as my-target or @plant-a/my-target")
    .option('--dir <folder>', "where to write it; a folder of the package's name unless told")
    .action(async (kind, name, options) =>
      (await import('./commands/plugin-new.js')).newPlugin(terminal, kind, name, options),
    );
  plugin
    .command('list')
    .description('what a profile loads: types, where from, pinned or not, what they need of the machine')
    .argument('[profile]', 'YAML file')
    .option('--all', 'what is built in, too')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'))
    .action(async (file, options) => (await import('./commands/plugin-list.js')).listPlugins(terminal, file, options));
  explainCommand(plugin, terminal);
  plugin
    .command('pin')
    .description('the line for a profile that refuses a plugin whose files are other than now')
    .argument('<plugin>', 'a path (./...) or a package name, as the profile has it')
    .option('--from <profile>', 'the profile; one in this folder unless told')
    .action(async (name, options) => (await import('./commands/plugin-pin.js')).pinPlugin(terminal, name, options));
  pluginTestCommands(plugin, terminal);
}

function pluginTestCommands(plugin: Command, terminal: Terminal): void {
  plugin
    .command('test')
    .description('try a plugin against all that its kind and its ports promise')
    .argument('<path>', 'the folder of a plugin, or its conformance.ts')
    .addOption(
      new Option('--level <levels...>', 'only cases of these; all but performance unless told').choices(kitLevels),
    )
    .option('--case <text>', 'only cases that are called so, or contain it')
    .option('--seed <number>', 'repeats the random choices of an earlier run', seed)
    .option('--list', 'show the cases and try none')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'junit']).default('table'))
    .action(async (path, options) => (await import('./commands/plugin-test.js')).testPlugin(terminal, path, options));
  plugin
    .command('try', { hidden: true })
    .description('the process that a plugin is tried in')
    .action(async () => (await import('./commands/plugin-test.js')).tryPlugin());
}

/** Operations of all vendors, those of plugins as well: the host says itself what it offers. */
function callCommand(program: Command, terminal: Terminal): void {
  connected(program.command('call'))
    .description('call any operation of a host, those of its plugins as well')
    .argument('[operation]', 'such as system.readyz; see --list')
    .argument('[fields...]', 'of its input, as NAME=VALUE; dotted for what is in an object')
    .option('--input <json>', 'the input as JSON; @FILE reads a file, - standard input; fields are added to it')
    .option('--list', 'show what the host offers, or of one operation what it takes; call nothing')
    .addOption(new Option('-o, --output <format>').choices(['json', 'yaml']).default('json'))
    .action(async (operation, fields, options) =>
      (await import('./commands/call.js')).call(terminal, operation, fields, options),
    );
}

const kinds = 'packages, deployments (or instances) or devices';

function objectCommands(program: Command, terminal: Terminal): void {
  connected(program.command('get'))
    .description('list packages, deployments or devices, or show one; or list what a registry offers')
    .argument('<kind>', `${kinds}; repositories or artifacts`)
    .argument('[id]', 'an id, the beginning of it, or a name; repositories: host:port; artifacts: host:port/repository')
    .addOption(output())
    .option('--limit <number>', 'show no more than this many', wholeNumber)
    .option('--package <id>', 'devices: whether they can run it; deployments: only those of it')
    .option('--device <id>', 'deployments: only those of it')
    .option('-w, --watch', 'deployments: go on with each change')
    .action(async (kind, id, options) => (await import('./commands/get.js')).get(terminal, kind, id, options));
  connected(program.command('describe'))
    .description('everything about one thing, with what is wrong with it')
    .argument('<kind>', kinds)
    .argument('<id>', 'its id, the beginning of it, or its name')
    .option('--package <id>', 'devices: whether it can run this package, and why not')
    .action(async (kind, id, options) =>
      (await import('./commands/describe.js')).describe(terminal, kind, id, options),
    );
  waiting(connected(program.command('apply')))
    .description('create or update packages and deployments from YAML')
    .requiredOption('-f, --filename <file>', 'YAML of one or more documents; - reads standard input')
    .action(async (options) => (await import('./commands/apply.js')).apply(terminal, options));
  waiting(connected(program.command('delete')))
    .description('delete a package, a deployment or a device')
    .argument('<kind>', kinds)
    .argument('<id>', 'its id, the beginning of it, or its name')
    .option('--force', 'deployments: forget it without waiting for its device; packages: although it is used')
    .action(async (kind, id, options) => (await import('./commands/delete.js')).remove(terminal, kind, id, options));
}

function pushCommand(program: Command, terminal: Terminal): void {
  connected(program.command('push'))
    .description('push a package (margo.yaml) or a component (component.yaml, compose.yaml); prints the digest')
    .argument('<directory>')
    .argument('<reference>', 'host:port/repository, and :version for a component')
    .option('--username <name>', "for the registry; a host's own one takes the token")
    .option('--password-file <file>', 'file that holds the password')
    .option('--plain-http', 'no TLS, for a registry on this machine')
    .option('--strict', 'refuse a package that breaks the standard even harmlessly')
    .action(async (directory, reference, options) =>
      (await import('./commands/push.js')).push(terminal, directory, reference, options),
    );
}

function pkiCommands(program: Command, terminal: Terminal): void {
  const pki = program.command('pki').description('certificates of devices and servers');
  pki
    .command('init')
    .description('make a device CA: device-ca.crt and device-ca.key')
    .argument('<directory>')
    .option(
      '--server <name...>',
      'also ca.crt, server.crt and their keys, for a server that is reached under these names',
    )
    .action(async (directory, options) => (await import('./commands/pki.js')).initCa(terminal, directory, options));
  pki
    .command('issue')
    .description('make a key and a certificate for a device')
    .argument('<name>', 'of the device')
    .option('--ca <directory>', 'with device-ca.crt and device-ca.key ($TUTTI_DATA/pki, else data/wfm/pki)')
    .option('--out <directory>', 'for device.crt and device.key (./NAME)')
    .option('--days <number>', 'validity', wholeNumber)
    .action(async (name, options) => (await import('./commands/pki.js')).issue(terminal, name, options));
  pki
    .command('show')
    .description('show the certificates in a file')
    .argument('<file>', 'PEM or DER')
    .action(async (file) => (await import('./commands/pki.js')).showCertificates(terminal, file));
}

function tokenCommands(program: Command, terminal: Terminal): void {
  const token = program.command('token').description('API tokens');
  connected(token.command('create'))
    .description('issue a token; it alone goes to standard output')
    .argument('<name>', 'for whom or what')
    .addOption(new Option('--role <role>').choices(['viewer', 'operator', 'admin']).default('viewer'))
    .option('--lifetime <duration>', 'such as 12h or 30d; no end unless told', parseDuration)
    .action(async (name, options) => (await import('./commands/token.js')).createToken(terminal, name, options));
  connected(token.command('list'))
    .description('tokens, without their secrets')
    .addOption(output())
    .action(async (options) => (await import('./commands/token.js')).listTokens(terminal, options));
  connected(token.command('revoke'))
    .description('revoke a token at once')
    .argument('<id>')
    .action(async (id, options) => (await import('./commands/token.js')).revokeToken(terminal, id, options));
}

function benchCommands(program: Command, terminal: Terminal): void {
  const bench = program.command('bench').description('measurements');
  bench
    .command('bindings')
    .description('the same workloads over every binding, beside the bare libraries of their protocols')
    .option('--rounds <number>', 'interleaved rounds', wholeNumber, 5)
    .option('--seconds <number>', 'length of each workload in a round', positiveNumber, 1)
    .option('--devices <number>', 'that listen, for the fan-out', wholeNumber, 50)
    .option('--binding <module>', 'another binding, with the transport that its module brings along')
    .option('--config <file>', 'YAML: the config of that binding')
    .option('--only <names...>', 'only these bindings, such as http grpc')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'))
    .action(async (options) => (await import('./commands/bench.js')).benchBindings(terminal, options));
  bench
    .command('serve', { hidden: true })
    .description('the serving process of bench bindings')
    .action(async () => (await import('./commands/bench.js')).benchServe());
}

/** The options of every command that talks to a host. A token is never one: others could read it off the command line. */
function connected(command: Command): Command {
  return command
    .option('--server <url>', 'the host: https://, grpcs:// or mqtts:// (TUTTI_SERVER; https://localhost:8443)')
    .option('--ca <file>', 'PEM of the CA to trust (TUTTI_CA; $TUTTI_DATA/pki/ca.crt, else data/wfm/pki/ca.crt)')
    .option(
      '--token-file <file>',
      'holds the API token (TUTTI_TOKEN_FILE; $TUTTI_DATA/admin.token, else data/wfm/admin.token); TUTTI_TOKEN is the token itself',
    );
}

function waiting(command: Command): Command {
  return command
    .option('--wait', 'until it is done or has failed')
    .option('--timeout <duration>', 'how long to wait', parseDuration, 60_000);
}

function output(): Option {
  return new Option('-o, --output <format>').choices(formats).default('table');
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('expected a number above 0');
}

function seed(text: string): number {
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number');
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number above 0');
}
