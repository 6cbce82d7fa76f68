import { systemClock } from '../../../core/host/clock.js';
import {
  type ActualApplication,
  type ApplyCall,
  componentDigest,
  type DesiredApplication,
  defineProvider,
  type TargetCapabilities,
  TargetFault,
  TargetProvider,
} from '../../../core/plugin/index.js';
import { type MakeSubject, type TargetUnderTest, targetSubjects } from '../../../core/testing/index.js';
import { MockConfig, MockPlatform, MockTarget } from '../../../providers/target/mock/index.js';
import { mockPlatform, mockSampleConfig } from '../../target/mock-platform.js';

const changes = { properties: ['*'], parameters: ['*'] };
const never = (call: ApplyCall): ApplyCall => ({ ...call, signal: new AbortController().signal });

/** A target that works, for mutants to break in one place. */
export class TargetMutant extends MockTarget {}

/** Says that what was asked for is so. */
export class ReportsDesiredAsActual extends TargetMutant {
  readonly #desired = new Map<string, ActualApplication>();

  override apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const { id } = application;
    const components = application.components.map((component) => ({
      name: component.name,
      phase: 'running' as const,
      applied: componentDigest(component, changes),
    }));
    this.#desired.set(id, { id, name: application.name, components });
    return super.apply(application, name, call);
  }

  override remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall): Promise<void> {
    this.#desired.delete(application.id);
    return super.remove(application, name, purge, call);
  }

  override async actual(): Promise<readonly ActualApplication[]> {
    return [...this.#desired.values()];
  }
}

/** Starts anew whatever runs already. */
export class AppliesTwice extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const before = this.machine.get(application.id, name);
    await super.apply(application, name, call);
    const made = this.machine.get(application.id, name);
    if (before && made?.starts === before.starts) await this.machine.put({ ...made, starts: made.starts + 1 });
  }
}

/** Says that it has removed. */
export class ForgetsToRemove extends TargetMutant {
  override async remove(): Promise<void> {
    // As if that were all.
  }
}

/** Goes on with what nobody waits for. */
export class IgnoresAbort extends TargetMutant {
  override apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    return super.apply(application, name, never(call));
  }
}

/** Looks at an abort when its turn has come. */
export class WaitsForItsTurn extends TargetMutant {
  #last: Promise<unknown> = Promise.resolve();

  override apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    return this.#inTurn(() => super.apply(application, name, call));
  }

  override remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall): Promise<void> {
    return this.#inTurn(() => super.remove(application, name, purge, call));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

/** Takes a start that failed for a start. */
export class SwallowsStartFailures extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    try {
      await super.apply(application, name, call);
    } catch (error) {
      if (!(error instanceof TargetFault) || error.code === 'artifact' || error.code === 'unsupported') throw error;
    }
  }
}

/** Keeps what runs, whatever is asked for. */
export class IgnoresUpdates extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    if (!this.machine.get(application.id, name)) await super.apply(application, name, call);
  }
}

/** Does not see what runs. */
export class ListsNothing extends TargetMutant {
  override async actual(): Promise<readonly ActualApplication[]> {
    return [];
  }
}

/** Lets others find out by themselves. */
export class NeverTells extends TargetMutant {
  override watch(): AsyncIterable<string> {
    return super.watch(AbortSignal.abort());
  }
}

/** Has words of its own for what goes wrong. */
export class ThrowsWhateverComes extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    try {
      await super.apply(application, name, call);
    } catch (error) {
      throw error instanceof TargetFault ? new Error(`EFAULT ${error.code}`) : error;
    }
  }
}

/** Takes what still runs of an application away with its failed neighbour. */
export class FailsTogether extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    try {
      await super.apply(application, name, call);
    } catch (error) {
      for (const other of this.machine.all()) await this.machine.delete(other.application.id, other.component);
      throw error;
    }
  }
}

/** Does what it is only asked about. */
export class InstallsOnPreview extends TargetMutant {
  override async preview(
    application: DesiredApplication,
    name: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    await super.apply(application, name, { signal, progress: () => undefined });
    return ['install it'];
  }
}

/** Has nothing to say of what it would do. */
export class PreviewsNothing extends TargetMutant {
  override async preview(): Promise<readonly string[]> {
    return [];
  }
}

/** Would do anything for anybody. */
export class PreviewsAnything extends TargetMutant {
  override async preview(): Promise<readonly string[]> {
    return ['install it'];
  }
}

/** Takes an application for one thing. */
export class RemovesWholeApplications extends TargetMutant {
  override async remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall) {
    await super.remove(application, name, purge, call);
    for (const other of this.machine.all()) {
      if (other.application.id === application.id) await this.machine.delete(application.id, other.component);
    }
  }
}

/** Takes an application for its first component. */
export class ListsFirstComponents extends TargetMutant {
  override async actual(): Promise<readonly ActualApplication[]> {
    return (await super.actual()).map((each) => ({ ...each, components: each.components.slice(0, 1) }));
  }
}

/** Starts all components of an application anew with each of them. */
export class UpdatesWholeApplications extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    await super.apply(application, name, call);
    for (const other of this.machine.all()) {
      if (other.application.id !== application.id || other.component === name) continue;
      await this.machine.put({ ...other, starts: other.starts + 1 });
    }
  }
}

/** Takes one revision for the other. */
export class IgnoresRevisions extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const components = application.components.map((component) => ({ ...component, revision: '1.0.0' }));
    await super.apply({ ...application, components }, name, call);
  }
}

/** Has a fault for an abort. */
export class TakesAbortForFault extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    if (call.signal.aborted) throw new TargetFault('platform', 'aborted', true);
    await super.apply(application, name, call);
  }
}

/** Removes what nobody wants removed any more. */
export class RemovesAfterAbort extends TargetMutant {
  override remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall): Promise<void> {
    return super.remove(application, name, purge, never(call));
  }
}

/** Declares what its properties must be like, and does not look. */
export class TakesAnyProperties extends TargetMutant {
  override async describe(): Promise<TargetCapabilities> {
    const described = await super.describe();
    const properties = { type: 'object', properties: { size: { type: 'number' } } };
    return { ...described, components: described.components.map((type) => ({ ...type, properties })) };
  }
}

/** Looks at properties, and has words of its own for what it finds. */
export class ThrowsOnWrongProperties extends TakesAnyProperties {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    if (application.components.some(({ properties }) => 'size' in properties)) throw new TypeError('no size');
    await super.apply(application, name, call);
  }
}

/** Cannot but wait. */
export class RefusesNotToWait extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    if (application.components.some(({ wait }) => !wait)) throw new TargetFault('invalid', 'it must wait', false);
    await super.apply(application, name, call);
  }
}

/** Takes a new name for a new version. */
export class RestartsForNames extends TargetMutant {
  override async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const before = this.machine.get(application.id, name);
    if (before && before.application.name !== application.name) {
      await this.machine.put({ ...before, starts: before.starts + 1 });
    }
    await super.apply(application, name, call);
  }
}

/** Keeps no logs. */
export class ThrowsOnLogs extends TargetMutant {
  override async logs(): Promise<readonly string[]> {
    throw new Error('it keeps none');
  }
}

/** Has the same logs for everybody. */
export class MixesLogs extends TargetMutant {
  override async logs(_id: string, _component: string, lines: number): Promise<readonly string[]> {
    return ['somebody has started'].slice(0, lines);
  }
}

/** Collects applications in an object, whose members it takes for them. */
export class CollectsInObject extends TargetMutant {
  override async actual(): Promise<readonly ActualApplication[]> {
    const found: Record<string, ActualApplication> = {};
    for (const application of await super.actual()) found[application.id] = application;
    return Object.values(found);
  }
}

export function subjects(mutant: typeof TargetMutant): MakeSubject<TargetUnderTest> {
  const definition = defineProvider({
    port: TargetProvider,
    type: 'target.mutant',
    version: '1.0.0',
    config: MockConfig,
    create: ({ config, clock, dataDir }) => new mutant(config, clock, new MockPlatform(`${dataDir}/mutant.json`)),
  });
  return targetSubjects(definition, { config: mockSampleConfig, clock: systemClock, platform: mockPlatform });
}
