import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.js';
import { createTerminal } from '../../cli/terminal.js';
import { code, page, sentence, table } from './text.js';

/** Every command with its arguments and options, from the program itself. */
export function commandLinePage(version: string): string {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const program = createProgram(createTerminal({ env: {}, stdin, stdout, stderr, signal }), version);
  const commands = leavesOf(program);
  return page(
    'Commands',
    `\`tutti --help\` and \`tutti COMMAND --help\` say the same. What holds for all commands: [command line](../cli.md).`,
    table(
      ['command', 'does'],
      commands.map((command) => {
        const name = pathOf(command);
        return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, command.description()];
      }),
    ),
    ...commands.flatMap(sections),
  );
}

/** Commands that do something, not those that only hold others. */
function leavesOf(command: Command): Command[] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  return inner.length === 0 ? [command] : inner.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

function sections(command: Command): string[] {
  const help = command.createHelp();
  const rows = [
    ...help.visibleArguments(command).map((one) => [code(help.argumentTerm(one)), help.argumentDescription(one)]),
    ...help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map((option) => [code(help.optionTerm(option)), help.optionDescription(option)]),
  ];
  return [
    `## ${pathOf(command)}`,
    sentence(command.description()),
    code(help.commandUsage(command)),
    rows.length === 0 ? '' : table(['argument or option', 'means'], rows),
  ];
}
