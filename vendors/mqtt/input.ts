import { type CallInput, type Operation, Problem, problems } from '../../core/operation/index.js';
import { isRecord, jsonIn, type Request } from './wire/index.js';

/** @throws Problem 400 for what is no JSON object, 415 for what does not even mean to be JSON */
export function readInput(operation: Operation, { body, headers }: Request): CallInput {
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Problem(problems.unsupportedMediaType, `${operation.id} takes application/json, not ${type}`);
  }
  if (body.length === 0) return {};
  const input = jsonIn(body);
  if (!isRecord(input)) {
    throw new Problem(problems.invalidRequest, `the input of ${operation.id} is no JSON object in UTF-8`);
  }
  return input;
}
