import { expect, test } from 'vitest';
import { parseComponentFile } from './component-file.js';

test('a command is enough, the rest has defaults', () => {
  expect(parseComponentFile('command: [node, server.mjs]')).toEqual({
    command: ['node', 'server.mjs'],
    environment: {},
    workingDirectory: '.',
    restart: { policy: 'always', backoff: { start: 1_000, max: 60_000, reset: 60_000 } },
    stop: { signal: 'SIGTERM', grace: 10_000 },
  });
});

test('durations are milliseconds', () => {
  const { stop } = parseComponentFile('{ command: [a], stop: { grace: 1.5m, signal: SIGINT } }');
  expect(stop).toEqual({ signal: 'SIGINT', grace: 90_000 });
});

test.each([
  ['', '(root)'],
  ['command: []', 'command'],
  ['command: [a]\ncomand: [b]', 'comand'],
  ['command: [a]\nworkingDirectory: ../x', 'workingDirectory'],
  ['command: [a]\nworkingDirectory: /etc', 'workingDirectory'],
  ['command: [a]\nenvironment: { TUTTI_X: "1" }', 'TUTTI_'],
  ['command: [a]\nenvironment: { "a b": "1" }', 'environment.a b'],
  ['command: [a]\nstop: { grace: 10 }', 'stop.grace'],
  ['command: [a]\nstop: { signal: TERM }', 'stop.signal'],
  ['command: [a]\nrestart: { backoff: { start: 0s } }', 'restart.backoff.start: at least 100ms'],
  ['command: [a]\nrestart: { backoff: { max: 99ms } }', 'restart.backoff.max: at least 100ms'],
  ['command: [a]\nhealth: { command: [b], interval: 0s }', 'health.interval: at least 100ms'],
  ['command: [a, "\\0"]', 'command.1: text without a NUL character'],
  ['command: [a]\nenvironment: { A: "b\\0" }', 'environment.A: text without a NUL character'],
  ['command: [a]\nhealth: {}', 'exactly one of http and command'],
  ['command: [a]\nhealth: { http: { path: / } }', 'exactly one of port and portFrom'],
  ['command: [a\n', 'component.yaml'],
])('%j is refused, naming the place', (text, place) => {
  expect(() => parseComponentFile(text)).toThrow(expect.objectContaining({ code: 'invalid', retry: false }));
  expect(() => parseComponentFile(text)).toThrow(place);
});
