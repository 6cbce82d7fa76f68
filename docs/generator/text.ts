import type { Setting } from '../../cli/commands/settings.js';

/** What every generated page says of itself. */
export const header = (title: string): string =>
  `# ${title}\n\n<!-- Made from the code by \`npm run docs\`: change the code, not this page. -->\n`;

/** A page of its parts, with an empty line between them; empty parts are left out. */
export function page(title: string, ...parts: readonly string[]): string {
  return `${[header(title).trimEnd(), ...parts].filter((part) => part !== '').join('\n\n')}\n`;
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

/** @param required what is said of a field that is always there */
export function settings(list: readonly Setting[], required = 'required'): string {
  return table(
    ['name', 'type', 'default', 'about'],
    list.map(({ name, type, preset, about }) => [
      code(name),
      type,
      preset === 'required' ? `**${required}**` : code(preset),
      about,
    ]),
  );
}

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** On one line; outside of code, `<name>` would be taken for HTML and not be seen. */
function cell(text: string): string {
  const line = text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
  return line.replace(/(`[^`]*`)|</g, (_, quoted: string | undefined) => quoted ?? '\\<');
}

export const sentence = (text: string): string =>
  `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
