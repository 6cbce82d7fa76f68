import { cacheRule, problemFrom } from '../../../core/operation/index.js';
import type { Answer } from '../../../core/ports/index.js';
import { jsonIn, type Reply } from '../../../vendors/mqtt/wire/index.js';

/** @returns `undefined` for what makes no sense as an answer */
export function answerOf({ kind, fields, mediaType, body }: Reply): Answer | undefined {
  const etag = unquoted(fields['etag']);
  switch (kind) {
    case 'value': {
      const value = jsonIn(body);
      const outcome = (['ok', 'created', 'accepted'] as const).find((one) => one === fields['outcome']);
      if (value === undefined || outcome === undefined) return undefined;
      const { location } = fields;
      return {
        kind,
        outcome,
        value,
        ...(etag !== undefined && { etag }),
        ...(location !== undefined && { location: String(location) }),
      };
    }
    case 'empty':
      return { kind };
    case 'representation': {
      const field = fields['cache-control'];
      const cache = cacheRule(field === undefined ? undefined : String(field));
      return {
        kind,
        outcome: fields['outcome'] === 'unavailable' ? 'unavailable' : 'ok',
        bytes: body,
        mediaType: mediaType ?? 'application/octet-stream',
        ...(etag !== undefined && { etag }),
        ...(cache && { cache }),
      };
    }
    case 'not-modified':
      return etag === undefined ? undefined : { kind, etag };
    case 'problem': {
      const problem = problemFrom(jsonIn(body), Number(fields['status']), 'a problem');
      const challenges = fields['www-authenticate'] ?? [];
      return (
        problem && { kind, problem, challenges: typeof challenges === 'object' ? challenges : [String(challenges)] }
      );
    }
    default:
      return undefined;
  }
}

function unquoted(field: unknown): string | undefined {
  return typeof field === 'string' ? field.replace(/^"(.*)"$/, '$1') : undefined;
}
