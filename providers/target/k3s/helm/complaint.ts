import { TargetFault } from '../../../../core/plugin/index.js';

/** The registry did not let helm in: another login may help. */
export class RegistryDenied extends TargetFault {}

/**
 * What helm said when it failed, as a fault: which kind it is, and the words without what stands around them. Read from
 * the text, for helm ends with 1 whatever happened.
 */
export function complaintFault(output: string, what: string): TargetFault {
  const said = complaint(output);
  const kind = kindOf(said);
  const Fault = kind === denied ? RegistryDenied : TargetFault;
  return new Fault(kind.code, `${what}: ${said}`, kind.retry);
}

/** The error of helm's output: its last `Error:` lines, else what it ended with. Nothing that it warns of. */
export function complaint(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' && !/^(WARNING|W\d{4} |I\d{4} |level=(WARN|INFO|DEBUG)|time=\S+ level=(WARN|INFO))/.test(line),
    );
  const at = lines.findLastIndex((line) => /^(Error:|E\d{4} |level=ERROR|time=\S+ level=ERROR)/.test(line));
  const told = at === -1 ? lines.slice(-3) : lines.slice(at, at + 5);
  const words = told.join('; ').replace(/^Error: /, '');
  return words === '' ? 'it ended without a word' : words.slice(0, 2_000);
}

type Kind = Pick<TargetFault, 'code' | 'retry'>;

const denied: Kind = { code: 'artifact', retry: true };

/** In this order: an error says most at its end, and a registry's refusal may be wrapped in `INSTALLATION FAILED`. */
const kinds: readonly (readonly [RegExp, Kind])[] = [
  [
    /Kubernetes cluster unreachable|connection refused.*:\d+\/(api|version)|the server is currently unable/i,
    { code: 'platform', retry: true },
  ],
  [
    /\b(401|403)\b.*(v2|token|manifests)|unauthorized|authentication required|denied: |no basic auth|insufficient_scope/i,
    denied,
  ],
  [/x509|tls: |certificate|server gave HTTP response to HTTPS client/i, { code: 'artifact', retry: true }],
  [
    /failed to (download|fetch|pull|authorize|resolve|perform "?(FetchReference|Resolve|Fetch))|manifest unknown|\bnot found in\b|no such host|lookup .* on |unable to (locate|get)|: not found$|dial tcp|could not download|could not find protocol handler|unexpected status.*registry|chart .* not found/i,
    { code: 'artifact', retry: true },
  ],
  [
    /Chart\.yaml file is missing|chart metadata|not a valid chart|error unmarshaling|validation: chart\./i,
    { code: 'artifact', retry: true },
  ],
  [
    /values don't meet the specifications|execution error at|template: .*:\d+|parse error at|nil pointer evaluating/i,
    { code: 'invalid', retry: false },
  ],
  [/context deadline exceeded|timed out waiting|timed out/i, { code: 'timeout', retry: true }],
  [/is forbidden|cannot (create|patch|get|list|delete) resource/i, { code: 'platform', retry: true }],
];

function kindOf(said: string): Kind {
  return kinds.find(([pattern]) => pattern.test(said))?.[1] ?? { code: 'start', retry: true };
}
