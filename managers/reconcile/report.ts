import type { ComponentReport, DeploymentState, ReportedError, StatusReport } from '../../core/ports/index.js';
import { overallState } from '../margo/index.js';

/** A report in which every component has the same state. */
export function uniform(deploymentId: string, state: DeploymentState, components: readonly string[]): StatusReport {
  return { deploymentId, state, components: components.map((name) => ({ name, state })) };
}

/** A report in which everything is installed but what is still starting. */
export function progressing(id: string, components: readonly string[], starting: readonly string[]): StatusReport {
  return starting.reduce(
    (report, name) => withComponent(report, name, 'installing'),
    uniform(id, 'installed', components),
  );
}

/** A report of a deployment that cannot be here at all. `source` is its name, as the standard has it (section 5.1). */
export function refusal(
  deploymentId: string,
  name: string,
  components: readonly string[],
  code: string,
  message: string,
): StatusReport {
  return { ...uniform(deploymentId, 'failed', components), error: { code, source: name, message } };
}

/** The report with one component's state changed; the whole follows from the parts by severity. */
export function withComponent(
  report: StatusReport,
  name: string,
  state: DeploymentState,
  error?: Omit<ReportedError, 'source'>,
): StatusReport {
  const changed: ComponentReport = { name, state, ...(error && { error: { ...error, source: name } }) };
  const known = report.components.some((component) => component.name === name);
  const components = known
    ? report.components.map((component) => (component.name === name ? changed : component))
    : [...report.components, changed];
  return {
    deploymentId: report.deploymentId,
    state: overallState(components.map((component) => component.state)),
    components,
  };
}

/** The report without a component that the application no longer has. */
export function withoutComponent(report: StatusReport, name: string): StatusReport {
  const components = report.components.filter((component) => component.name !== name);
  return { deploymentId: report.deploymentId, state: overallState(components.map(({ state }) => state)), components };
}
