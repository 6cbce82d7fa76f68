import type { DefinitionKind } from '../../plugin/definition.js';
import {
  ArtifactRegistry,
  CredentialIssuer,
  EventBus,
  FleetManager,
  LockProvider,
  PullCredentials,
  QueueProvider,
  SecretProvider,
  StateProvider,
  type TargetDeclaration,
  TargetProvider,
} from '../../ports/index.js';
import { bindingKit, bindingSubjects } from '../binding/index.js';
import { credentialKit, credentialSubjects } from '../credentials/index.js';
import { eventKit } from '../events/index.js';
import type { MakeSubject } from '../kit-subject.js';
import { lifecycleKit, lifecycleSubjects } from '../lifecycle/index.js';
import { lockKit } from '../lock/index.js';
import { pullCredentialKit, pullCredentialSubjects } from '../pull-credentials/index.js';
import { queueKit } from '../queue/index.js';
import { registryKit, registrySubjects } from '../registry/index.js';
import { secretKit, secretSubjects } from '../secret/index.js';
import { stateKit } from '../state/index.js';
import { subjectsOf } from '../subject.js';
import { declaredKit, targetKit, targetSubjects } from '../target/index.js';
import { usesOf } from '../uses.js';
import { vendorKit, vendorSubjects } from '../vendor/index.js';
import { wfmKit, wfmSubjects } from '../wfm/index.js';
import type { ConformanceOptions } from './options.js';
import { type Suite, suiteOf, wanting } from './suite.js';

type SuiteOf = (options: ConformanceOptions) => Suite;

/** The kits of ports that have one, by the port's id. */
const portSuites: Readonly<Record<string, SuiteOf>> = {
  [StateProvider.id]: (options) =>
    suiteOf(
      stateKit,
      madeFor(options, (common) => subjectsOf<StateProvider>(options.definition, { ...common, ...options.state })),
    ),
  [EventBus.id]: (options) =>
    suiteOf(
      eventKit,
      madeFor(options, (common) => subjectsOf<EventBus>(options.definition, { ...common, ...options.events })),
    ),
  [LockProvider.id]: (options) =>
    suiteOf(
      lockKit,
      madeFor(options, (common) => subjectsOf<LockProvider>(options.definition, { ...common, ...options.lock })),
    ),
  [QueueProvider.id]: (options) =>
    suiteOf(
      queueKit,
      madeFor(options, (common) => subjectsOf<QueueProvider>(options.definition, { ...common, ...options.queue })),
    ),
  [ArtifactRegistry.id]: ({ definition, registry }) =>
    registry
      ? suiteOf(registryKit, registrySubjects(definition, registry))
      : wanting(registryKit, 'give `registry`: the config for a registry that the kit runs'),
  [CredentialIssuer.id]: ({ definition, credentials }) =>
    credentials
      ? suiteOf(credentialKit, credentialSubjects(definition, credentials))
      : wanting(credentialKit, 'give `credentials`: the registry that accounts are made in'),
  [PullCredentials.id]: ({ definition, pullCredentials }) =>
    pullCredentials
      ? suiteOf(pullCredentialKit, pullCredentialSubjects(definition, pullCredentials))
      : wanting(pullCredentialKit, 'give `pullCredentials`: whoever hands a device its credentials'),
  [SecretProvider.id]: (options) => {
    const { definition, secret } = options;
    if (secret === undefined) return wanting(secretKit, 'give `secret`: the store behind it, by another door');
    return suiteOf(
      secretKit,
      madeFor(options, (common) => secretSubjects(definition, { ...common, ...secret })),
    );
  },
  [FleetManager.id]: ({ definition, wfm }) =>
    wfm
      ? suiteOf(wfmKit, wfmSubjects(definition, wfm))
      : wanting(wfmKit, 'give `wfm`: the fleet manager at the other end of the line'),
  [TargetProvider.id]: targetSuite,
};

/** What every target promises, and that it is as its definition declares it. */
function targetSuite(options: ConformanceOptions): Suite {
  const { definition, target } = options;
  const subjects = madeFor(options, (common) => subjectsOf<TargetProvider>(definition, common));
  // The registry has held it to the form of its port.
  const declares = definition.declares as TargetDeclaration | undefined;
  const declared = declares ? suiteOf(declaredKit(declares), subjects).cases : [];
  const promised = (): Suite => {
    if (target === undefined) return wanting(targetKit, 'give `target`: the platform behind it, seen by another door');
    if (typeof target === 'function') return suiteOf(targetKit, target);
    return suiteOf(
      targetKit,
      madeFor(options, (common) => targetSubjects(definition, { ...common, ...target })),
    );
  };
  const { kit, cases } = promised();
  return { kit, cases: [...declared, ...cases] };
}

/** The kits of kinds that have one. */
const kindSuites: Readonly<Partial<Record<DefinitionKind, SuiteOf>>> = {
  vendor: (options) => {
    const { definition, samples } = options;
    return suiteOf(
      vendorKit,
      madeFor(options, (common) => vendorSubjects(definition, { ...common, ...(samples && { samples }) })),
    );
  },
  binding: (options) => {
    const { definition, binding } = options;
    if (binding === undefined) return wanting(bindingKit, 'give `binding`: how a caller connects to it');
    return suiteOf(
      bindingKit,
      madeFor(options, ({ config, uses }) =>
        bindingSubjects(definition, { config, ...(uses && { uses }), ...binding }),
      ),
    );
  },
};

/** All kits for a definition: that of every definition, then that of its port or kind. */
export function suitesFor(options: ConformanceOptions): readonly Suite[] {
  const { definition } = options;
  const own = [kindSuites[definition.kind], ...definition.provides.map(({ id }) => portSuites[id])];
  return [
    suiteOf(lifecycleKit, lifecycleSubjects(definition, options)),
    ...own.flatMap((suite) => (suite ? [suite(options)] : [])),
  ];
}

interface Common extends Pick<ConformanceOptions, 'config' | 'clock'> {
  readonly uses?: Readonly<Record<string, unknown>>;
}

/** Subjects with what they use: made for each of them, where it is said how. */
function madeFor<P>(
  { config, freshConfig, clock, uses }: ConformanceOptions,
  of: (common: Common) => MakeSubject<P>,
): MakeSubject<P> {
  return async () => {
    const made = await usesOf(uses);
    const own = freshConfig ? freshConfig() : config;
    const subject = await of({ config: own, uses: made.uses, ...(clock && { clock }) })();
    return {
      ...subject,
      async dispose() {
        await subject.dispose();
        await made.dispose?.();
      },
    };
  };
}
