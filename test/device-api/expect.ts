import { expect } from 'vitest';
import type { Answer } from './http.js';

/** A problem that the standard has a type of its own for. */
export function expectTyped(answer: Answer, status: number, fragment: string): void {
  expectProblem(answer, status);
  expect(answer.json['type']).toBe(`https://docs.margo.org/specification/problem-types#${fragment}`);
}

/** A problem of the device API: RFC 9457, and readable for clients of the first preview. */
export function expectProblem(answer: Answer, status: number, detail?: RegExp): void {
  expect({ status: answer.status, body: answer.text }).toEqual({ status, body: answer.text });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.json).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    error: expect.any(String),
  });
  expect(answer.text).not.toMatch(/\bat .+\.(?:ts|js):\d+/);
  if (detail) expect(answer.json['detail']).toMatch(detail);
}
