import { expect, test } from 'vitest';
import { type BindingUnderTest, bindingKit, type KitCase, runCase } from '../../../core/testing/index.js';
import { type MemoryBinding, memorySubjects } from '../memory-binding.js';
import * as all from './index.js';

const mutants: Readonly<Record<string, typeof MemoryBinding>> = { ...all };

function named(name: string): KitCase<BindingUnderTest> {
  const found = bindingKit.cases.find((each) => each.name === name);
  if (!found) throw new Error(`the kit has no case "${name}"`);
  return found;
}

const cases: Readonly<Record<keyof typeof all, readonly [name: string, sentence: string]>> = {
  DropsTheEtag: ['a representation arrives byte for byte: every/byte', "its etag: expected 'every', found undefined"],
  AnswersInsteadOfNotModified: [
    'an etag that matches answers not-modified: alone, weak, in a list, or any',
    'asked for with If-None-Match: "json": expected not-modified, found representation',
  ],
  ReadsIfNoneMatchAsText: [
    'an etag that matches answers not-modified: alone, weak, in a list, or any',
    'asked for with If-None-Match: W/"json": expected not-modified, found representation',
  ],
  KeepsQuotesOfIfMatch: [
    'If-Match reaches the operation without its quotes',
    `the version that the operation saw: expected { ifMatch: 'v 1' }, found { ifMatch: '"v 1"' }`,
  ],
  ReencodesBytes: [
    'a representation arrives byte for byte: every/byte',
    'the representation "every/byte": expected byte 128 of 256 as it was, 0x80, found 0xef',
  ],
  IgnoresAccept: [
    'a representation is negotiated by what the caller accepts',
    'expected the problem urn:tutti:problem:not-acceptable, found a representation',
  ],
  LosesEmptyFields: [
    'a field that is not given is not there, and one that is empty is',
    "empty fields: the fields that reached the operation, and came back: expected { given: { text: ''",
  ],
  LosesTheLastItem: [
    'a stream of 1,000 items is complete',
    'a stream of 1,000 items: expected 1000 items before its end, found 999',
  ],
  SwapsItems: ['a stream has all items in order, each with its id, event and data', 'a stream of 7 items: item 0'],
  ForgetsWhereToResume: [
    'a stream goes on after the item that the caller saw last',
    'a stream resumed after item 4: expected 5 items before its end, found 9',
  ],
  BuffersWithoutEnd: [
    'a stream that is not read does not run ahead by more than 16 MiB, and holds up no other call',
    'made for a caller that reads none (the producer is not held back): expected at most 256, found',
  ],
  SendsItemsTogether: [
    'an item arrives when it is made, not with those after it',
    'the first item of a stream that goes on: expected it to happen, found nothing',
  ],
  IgnoresCancellation: [
    'who gives up a stream aborts the signal of its producer',
    'the abort of a producer’s signal when its caller gives up: expected it to happen, found nothing',
  ],
  SwallowsErrorsOfStreams: [
    'a producer that throws breaks its stream, and says nothing of the exception',
    'expected a fault or a problem, found a silent end after 3 items',
  ],
  LeaksExceptions: [
    'an exception that nobody declared answers internal, and says nothing of itself',
    'what the caller of an operation that threw is told: expected nothing of the exception, found',
  ],
  DropsExtensions: ['a problem arrives with all of its members', 'its extensions: expected { instance'],
  MergesProblemTypes: [
    'every common problem keeps its type, title and status',
    'expected the problem urn:tutti:problem:invalid-request, found the problem urn:tutti:problem:400',
  ],
  SkipsAuthentication: [
    'no credentials, wrong ones and those of the wrong kind open nothing',
    "expected the problem urn:tutti:problem:not-authenticated, found the value { caller: 'anonymous' }",
  ],
  LooksAtInputFirst: [
    'who is not known learns nothing of what is wrong with the input',
    'expected the problem urn:tutti:problem:not-authenticated, found the problem urn:tutti:problem:semantic-error',
  ],
  DropsChallenges: [
    'who is refused is told which credentials count',
    `the challenge for a user: expected [ 'Bearer realm="toy"' ], found []`,
  ],
  ForgetsTheBodyInEvidence: [
    'a signature counts for the call that it was made for',
    'expected the problem urn:tutti:problem:not-authenticated, found the value',
  ],
  ForgetsTheCorrelationId: [
    'the correlation id of the caller is that of the call',
    "the id that the operation saw: expected 'kit-4711.a', found",
  ],
  IgnoresTheBodyLimit: [
    'an input larger than its operation takes is refused, and a smaller one is not',
    'the answer to short: expected the problem urn:tutti:problem:too-large, found the value { length: 4096 }',
  ],
  IgnoresTheCallersTimeout: [
    'a caller that does not wait longer gets timeout, and the signal of its call aborts',
    'the end of a call that waits 300 ms: expected it to happen, found nothing',
  ],
  MixesUpAnswers: ['200 calls at once get their own answers', 'the answer to call 0 of 200: expected { n: 0'],
  DropsTheIdempotencyKey: [
    'an idempotency key has its effect once, and is answered the same',
    'the answer to a call made again under its key: expected { effects: 1 }, found { effects: 2 }',
  ],
  DoesNotDrain: [
    'a drain lets calls under way finish',
    "the signal of a call under way when a drain begins: expected not aborted, found 'aborted'",
  ],
  TakesCallsWhileItDrains: [
    'a drain takes no more calls',
    'a new call while the binding drains: expected a TransportFault or the problem unavailable, found',
  ],
  LeavesATimer: [
    'stop leaves no listener, no connection and no timer',
    "what keeps the process alive after stop: expected [], found [ '1 Timeout' ]",
  ],
  GoesOnAfterStop: [
    'stop ends what is under way, and nobody answers any more',
    'the abort of a call’s signal when its binding stops: expected it to happen, found nothing',
  ],
  NeverComesBack: [
    'a line works again when another binding serves at the same address',
    'the answer to echo: expected value, found TransportFault',
  ],
  AlwaysSaysOk: [
    'an answer says what the call did: ok, created or accepted',
    "the outcome: expected 'created', found 'ok'",
  ],
};

test.for(Object.entries(cases))('the kit catches a binding that %s', async ([mutant, [name, sentence]]) => {
  const make = memorySubjects(mutants[mutant]);
  // Only what never comes has to be waited for: on a busy machine an answer may come late, and still be the wrong one.
  const patience = sentence.includes('expected it to happen') ? 1_000 : 30_000;
  const { failure } = await runCase(named(name), make, { patience, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});
