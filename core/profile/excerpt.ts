import type { Span } from './tree.js';

const widest = 100;
const hidden = '***';

/**
 * The line on which a span starts, with a caret below the span. Masked parts are replaced whatever their length, so that
 * not even that is told; control characters never reach a terminal.
 */
export function excerpt(source: string, at: Span, line: number, masks: readonly Span[]): string | undefined {
  const from = source.lastIndexOf('\n', at.start - 1) + 1;
  const next = source.indexOf('\n', from);
  const to = next === -1 ? source.length : next;
  if (source.slice(from, to).trim() === '') return undefined;
  const marks = snapped(
    { start: at.start, end: Math.max(at.start, Math.min(at.end, to)) },
    { start: from, end: to },
    masks,
  );
  const before = show(source, { start: from, end: marks.start }, masks);
  const marked = show(source, marks, masks);
  const after = show(source, { start: marks.end, end: to }, masks).trimEnd();
  const cut = Math.max(0, before.length - widest + 20);
  const lead = cut > 0 ? `...${before.slice(cut + 3)}` : before;
  const text = `${lead}${marked}${after}`;
  const shown = text.length > widest + 20 ? `${text.slice(0, widest + 17)}...` : text;
  const carets = '^'.repeat(Math.max(1, Math.min(marked.trimEnd().length, shown.length - lead.length)));
  const number = String(line).padStart(4);
  return `${number} | ${shown}\n     | ${' '.repeat(lead.length)}${carets}`;
}

/** Widened so that no mask is cut in two, as it would be shown twice. */
function snapped({ start, end }: Span, line: Span, masks: readonly Span[]): Span {
  const first = masks.find((mask) => mask.start < start && start < mask.end);
  const last = masks.find((mask) => mask.start < end && end < mask.end);
  return { start: Math.max(line.start, first?.start ?? start), end: Math.min(line.end, last?.end ?? end) };
}

function show(source: string, { start, end }: Span, masks: readonly Span[]): string {
  let shown = '';
  let position = start;
  while (position < end) {
    const covering = masks.find((span) => span.start <= position && position < span.end);
    if (covering) {
      shown += hidden;
      position = Math.min(end, Math.max(...masks.filter((span) => span.start <= position).map((span) => span.end)));
    } else {
      shown += printable(source.charAt(position));
      position += 1;
    }
  }
  return shown;
}

function printable(character: string): string {
  if (character === '\t') return ' ';
  return /[\p{Cc}\p{Cf}]/u.test(character) ? (character === '\r' ? '' : '?') : character;
}
