import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';

export interface Asked {
  /** `undefined`: no credentials at all. */
  readonly token?: string | undefined;
  /** JSON, or the exact text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as a JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** One request, with a bearer token where one is given. */
export async function call(url: string, { method, ...asked }: Asked & { readonly method: string }): Promise<Reply> {
  const { token, body, headers = {} } = asked;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: objectIn(text) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    // Not JSON: the test looks at the text.
    return {};
  }
}

/** Asks again until the answer is the awaited one; what never comes ends with the test's own time. */
export async function eventually<T>(ask: () => Promise<T>, awaited: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (awaited(answer)) return answer;
    // Others must get their turn, also where asking never leaves this process.
    await setImmediate();
  }
}

/** RFC 9457: what every refusal looks like. @returns the fields that `errors` names */
export function expectProblem(reply: Reply, status: number, detail?: RegExp): readonly string[] {
  expect({ status: reply.status, body: reply.text }).toEqual({ status, body: reply.text });
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply.json).toMatchObject({
    type: expect.stringMatching(/^urn:tutti:problem:[a-z-]+$/),
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
  });
  expect(reply.text).not.toMatch(/\bat .+\.(?:ts|js):\d+/);
  if (detail) expect(reply.json['detail']).toMatch(detail);
  const { errors = [] } = reply.json as { errors?: readonly { field: string; message: string }[] };
  for (const { message } of errors) expect(message).not.toBe('');
  return errors.map(({ field }) => field);
}
