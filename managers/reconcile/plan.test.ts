import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ActualComponent,
  componentCapability,
  componentDigest,
  type DesiredApplication,
  type DesiredComponent,
  type TargetCapabilities,
} from '../../core/ports/index.js';
import { type Observed, plan } from './plan.js';

const changes = { properties: ['*'], parameters: ['*'] };
const capabilities: TargetCapabilities = {
  components: types('custom'),
  runtimes: ['custom'],
  facts: { cpus: [], memory: '1Gi', storage: '1Gi' },
  parallel: 1,
};

function types(...names: string[]): TargetCapabilities['components'] {
  return names.map((deploymentType) =>
    componentCapability({ deploymentType, properties: z.looseObject({ port: z.int().optional() }), changes }),
  );
}

function component(name: string, revision = '1.0.0'): DesiredComponent {
  return {
    name,
    repository: `oci://reg.test/${name}`,
    revision,
    wait: true,
    timeout: 1000,
    properties: {},
    parameters: {},
  };
}

function application(...components: DesiredComponent[]): DesiredApplication {
  return { id: 'a', name: 'a', applicationId: 'app', deploymentType: 'custom', components };
}

function running(desired: DesiredComponent): ActualComponent {
  return { name: desired.name, phase: 'running', applied: componentDigest(desired, changes) };
}

function observed(components: readonly ActualComponent[], target = 'process', runs = ['custom']): Observed {
  return {
    target,
    capabilities: { ...capabilities, components: types(...runs) },
    actual: { id: 'a', name: 'a', components },
  };
}

const kinds = (of: ReturnType<typeof plan>): string[] => of.steps.map(({ kind, component: name }) => `${kind} ${name}`);

describe('plan', () => {
  it('installs what is not there, in the order of the application', () => {
    expect(kinds(plan(application(component('db'), component('web')), [observed([])]))).toEqual([
      'install db',
      'install web',
    ]);
  });

  it('is empty for what is as desired', () => {
    const db = component('db');
    expect(plan(application(db), [observed([running(db)])]).steps).toEqual([]);
  });

  it('touches nothing where several targets run it: they may be one platform', () => {
    const db = component('db');
    const several = [observed([running(db)], 'one'), observed([running(db)], 'two')];
    expect(plan(application(db, component('web')), several)).toEqual({
      kind: 'invalid',
      steps: [],
      reason: 'several targets of this profile run custom (one, two), and none of it is touched: leave all but one out',
    });
    expect(kinds(plan(undefined, several))).toEqual(['remove db', 'remove db']);
  });

  it('updates what was applied from another revision', () => {
    const steps = plan(application(component('db', '2.0.0')), [observed([running(component('db'))])]).steps;
    expect(steps).toEqual([
      { kind: 'update', component: 'db', target: 'process', reason: 'its definition changed; now revision 2.0.0' },
    ]);
  });

  it('waits for what is on its way up only where the deployment says so', () => {
    const db = component('db');
    const starting: ActualComponent = { ...running(db), phase: 'installing' };
    expect(kinds(plan(application(db), [observed([starting])]))).toEqual(['install db']);
    const unwaited = plan(application({ ...db, wait: false }), [observed([starting])]);
    expect(unwaited).toMatchObject({ steps: [], starting: ['db'] });
  });

  it('repairs what stopped by itself and says why it had', () => {
    const db = component('db');
    const steps = plan(application(db), [
      observed([{ ...running(db), phase: 'failed', reason: 'exit code 137' }]),
    ]).steps;
    expect(steps).toEqual([{ kind: 'repair', component: 'db', target: 'process', reason: 'exit code 137' }]);
  });

  it('removes components that the application no longer has, last first, before it installs new ones', () => {
    const steps = plan(application(component('new')), [observed([running(component('a1')), running(component('a2'))])]);
    expect(kinds(steps)).toEqual(['remove a2', 'remove a1', 'install new']);
  });

  it('removes everything of an application that is no longer desired, on every target', () => {
    const steps = plan(undefined, [
      observed([running(component('db'))]),
      observed([running(component('web'))], 'docker', ['compose']),
    ]);
    expect(steps.steps.map(({ target, component: name }) => `${target}/${name}`)).toEqual(['process/db', 'docker/web']);
  });

  it('says what the device can run when it cannot run this', () => {
    const verdict = plan({ ...application(component('db')), deploymentType: 'helm' }, [observed([])]);
    expect(verdict).toMatchObject({ kind: 'unsupported', reason: 'this device runs custom, not helm' });
  });

  it('refuses what is not as the target declares it, says where, and touches nothing that runs', () => {
    const web = { ...component('web'), properties: { port: 'eighty' } };
    const verdict = plan(application(component('db'), web), [
      observed([running(component('web')), running(component('old'))]),
      observed([running(component('db'))], 'docker', ['compose']),
    ]);
    expect(verdict).toEqual({
      kind: 'invalid',
      steps: [],
      reason: 'component web: properties.port: expected a number',
    });
  });

  it('lets be what runs already, whatever the target has come to declare since', () => {
    const web = { ...component('web'), properties: { port: 'eighty' } };
    expect(plan(application(web), [observed([running(web)])])).toEqual({ kind: 'steps', steps: [], starting: [] });
  });

  it('converges: carrying out a plan leaves nothing to plan', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const phases = fc.constantFrom('running', 'failed', 'stopped', 'installing', 'absent') as fc.Arbitrary<
      ActualComponent['phase']
    >;
    fc.assert(
      fc.property(names, names, phases, fc.constantFrom('1.0.0', '2.0.0'), (wanted, present, phase, revision) => {
        const desired = application(...wanted.map((name) => component(name)));
        let actual: ActualComponent[] = present.map((name) => ({ ...running(component(name, revision)), phase }));
        for (const step of plan(desired, [observed(actual)]).steps) {
          actual = actual.filter(({ name }) => name !== step.component);
          if (step.kind !== 'remove') actual.push(running(component(step.component)));
        }
        expect(plan(desired, [observed(actual)]).steps).toEqual([]);
      }),
    );
  });
});
