import { type Document, type ErrorCode, type LineCounter, Scalar, visit, type YAMLError } from 'yaml';
import type { FaultCode } from './faults.js';
import type { Span } from './tree.js';

export interface SyntaxFault {
  readonly code: FaultCode;
  readonly at: Span;
  readonly message: string;
  readonly hint?: string;
}

type Wording = Pick<SyntaxFault, 'message' | 'hint'>;

/** In our words: some of the parser's own repeat a piece of the source, which may be a secret. */
const wordings: Partial<Record<ErrorCode, Wording>> = {
  TAB_AS_INDENT: { message: 'a tab cannot indent YAML; use spaces' },
  MULTIPLE_DOCS: { message: 'a second document starts here; a profile is one YAML document' },
  NON_STRING_KEY: { message: 'a key must be plain text' },
  TAG_RESOLVE_FAILED: { message: 'this tag (!) means nothing here', hint: 'text that starts with "!" needs quotes' },
  BAD_ALIAS: { message: 'this alias (*) is not valid', hint: 'text that starts with "*" needs quotes' },
  RESOURCE_EXHAUSTION: { message: 'this is no profile: it is nested too deeply' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second key on the same line, or a value that goes on in the next',
    hint: 'text that holds ": " needs quotes',
  },
  MULTILINE_IMPLICIT_KEY: { message: 'expected a key and a colon on one line' },
  BAD_SCALAR_START: { message: 'a plain value cannot start with this character', hint: 'put the text in quotes' },
  BAD_DQ_ESCAPE: {
    message: 'YAML does not know this escape',
    hint: 'write a backslash within double quotes as "\\\\", or use single quotes',
  },
  BAD_DIRECTIVE: { message: 'this directive (%) means nothing here' },
  UNEXPECTED_TOKEN: { message: 'unexpected text here' },
};

/** What keeps a file from being YAML: the first fault of each line, as the others mostly follow from it. */
export function syntaxFaults(document: Document.Parsed, source: string, lines: LineCounter): SyntaxFault[] {
  const byLine = new Map<number, SyntaxFault>();
  for (const error of [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    const fault = worded(error, document, source);
    const { line } = lines.linePos(fault.at.start);
    // Nesting too deep for the parser breaks everything behind it, too.
    if ([...byLine.values()].some(({ code }) => code === 'too-large')) break;
    if (!byLine.has(line)) byLine.set(line, fault);
  }
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== '1.2') {
    const at = { start: 0, end: 0 };
    byLine.set(1, { code: 'yaml', at, message: `this says YAML ${version}; a profile is YAML 1.2` });
  }
  return [...byLine.values()];
}

function worded(
  { code, message, pos: [start, end] }: YAMLError,
  document: Document.Parsed,
  source: string,
): SyntaxFault {
  if (code === 'MISSING_CHAR' && /quote$/.test(message)) {
    // The parser points at where it gave up, which may be the end of the file.
    const opening = openingQuote(document, start);
    return { code: 'yaml', at: { start: opening, end: opening + 1 }, message: 'this quote is never closed' };
  }
  if (source.charAt(start - 1) === '$' && source.charAt(start) === '{') {
    return {
      code: 'yaml',
      at: { start: start - 1, end },
      message: 'within { } or [ ], YAML takes the "{" of a substitution for its own',
      hint: 'write the mapping over several lines; in quotes the substitution is text, whatever it holds',
    };
  }
  const opening = openingBracket(document, source, message, start);
  if (opening !== undefined) {
    const unclosed = `this "${source.charAt(opening)}" is never closed`;
    return { code: 'yaml', at: { start: opening, end: opening + 1 }, message: unclosed };
  }
  return {
    code: code === 'RESOURCE_EXHAUSTION' ? 'too-large' : 'yaml',
    at: { start, end: Math.max(start, end) },
    ...(wordings[code] ?? { message: lowered(message) }),
  };
}

function openingQuote(document: Document.Parsed, before: number): number {
  let opening = before;
  visit(document, {
    Scalar: (_, { type, range }) => {
      const quoted = type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE;
      if (quoted && range && range[0] < before) opening = range[0];
    },
  });
  return opening;
}

/** Where the bracket is that the parser, by its message, found no end of before it gave up, mostly in the next line. */
function openingBracket(document: Document.Parsed, source: string, message: string, end: number): number | undefined {
  const closing = /end with a ([}\]])$/.exec(message)?.[1];
  if (closing === undefined) return undefined;
  const starts: number[] = [];
  visit(document, {
    Collection: (_, { flow, range }) => {
      if (flow === true && range?.[1] === end) starts.push(range[0]);
    },
  });
  // The innermost may be closed, by the last bracket before the end of those around it.
  if (isPair(source.charAt(starts.at(-1) ?? end), source.charAt(end - 1))) starts.pop();
  return starts.findLast((start) => isPair(source.charAt(start), closing));
}

function isPair(opening: string, closing: string): boolean {
  return ['{}', '[]'].includes(opening + closing);
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
