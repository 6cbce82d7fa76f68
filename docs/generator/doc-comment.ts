/** The words of a doc comment, as Markdown. */
export function prose(comment: string): string {
  return comment
    .replace(/^\/\*\*|\s*\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/(?<!\n)\n(?=(?:When|After a crash|Again|What holds|Errors): |@)/g, '\n\n')
    .replace(/^@(\w+)/gm, '**$1**')
    .trim();
}
