import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { must } from '../tools.js';
import type { Go } from './go.js';

/**
 * Makes the one generated file that the source package leaves out: the schemas of the API, which server-side apply
 * needs. The release's Makefile does the same, and makes all the others anew, too.
 */
export async function generateOpenApi(work: string, source: string, go: Go, compiled: () => void): Promise<void> {
  const generator = join(work, 'openapi-gen');
  await go(['build', '-v', '-trimpath', '-o', generator, './vendor/k8s.io/kube-openapi/cmd/openapi-gen'], compiled);
  const inputs = (await markedPackages(source)).map((name) => `k8s.io/kubernetes/${name}`);
  const report = join(work, 'openapi.report');
  await must(
    generator,
    [
      ...['-i', inputs.join(','), '-p', 'k8s.io/kubernetes/pkg/generated/openapi', '-O', 'zz_generated.openapi'],
      ...['-h', 'vendor/k8s.io/code-generator/hack/boilerplate.go.txt', '-r', report],
    ],
    { cwd: source, env: go.env, timeout: 1_200_000 },
  );
  if (readFileSync(report, 'utf8') !== readFileSync(join(source, 'api/api-rules/violation_exceptions.list'), 'utf8')) {
    throw new Error('the schemas of the API are not those of the release: openapi-gen was given other packages');
  }
}

/** The packages that ask for a schema, but for the examples. */
async function markedPackages(source: string): Promise<string[]> {
  const marked = await must('grep', ['-rl', '--include=*.go', '+k8s:openapi-gen=', 'pkg/apis', 'staging/src/k8s.io'], {
    cwd: source,
  });
  const files = marked
    .trim()
    .split('\n')
    .filter((file) => !file.endsWith('_test.go') && !/k8s\.io\/(?:code-generator|sample-apiserver)\//.test(file));
  return [...new Set(files.map((file) => dirname(file).replace(/^staging\/src/, 'vendor')))].sort();
}
