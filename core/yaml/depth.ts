import { CST, Lexer } from 'yaml';

/** Far more than any description nests, and far less than what the parser's stack can take. */
const limit = 100;

/**
 * Where a text begins to nest more deeply than a recursive parser can follow; `undefined` when it never does. Looked at before parsing, token by token, because
 * an overflow of the stack cannot be caught reliably: V8 ends the process when it happens inside a regular expression.
 */
export function tooDeepAt(text: string): number | undefined {
  let offset = 0;
  let flow = 0;
  // Indicators that may nest without any bracket or line break between them: `- - -`, `a: b: c:`.
  let run = 0;
  let indent = 0;
  let lineStart = true;
  for (const token of new Lexer().lex(text)) {
    offset += token.length;
    switch (CST.tokenType(token)) {
      case 'newline':
        lineStart = true;
        indent = 0;
        run = 0;
        continue;
      case 'space':
        // Every block that is open takes a column of the indentation, or shares one with the block above it.
        if (lineStart && flow === 0) indent = token.length;
        break;
      case 'flow-map-start':
      case 'flow-seq-start':
        flow += 1;
        run = 0;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        flow -= 1;
        run = 0;
        break;
      case 'comma':
        run = 0;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        run += 1;
        break;
      default:
    }
    lineStart = false;
    if (flow + run + indent > limit) return offset;
  }
  return undefined;
}
