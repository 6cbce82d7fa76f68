import { createHash } from 'node:crypto';

/**
 * What is ours says so: labels to find it by, which hold nothing but hashes and names of ours, and annotations with the
 * texts as they are, for ids and names are any text and labels are not.
 */
export const marks = {
  /** Label: the owner of the config. */
  owner: 'tutti.dev/owner',
  /** Label: {@link releaseKey}. */
  release: 'tutti.dev/release',
  /** Label of the Secrets that we make for pulls. */
  pulls: 'tutti.dev/pulls',
  /** Annotations. */
  application: 'tutti.dev/application',
  applicationName: 'tutti.dev/application-name',
  component: 'tutti.dev/component',
  /** The component's digest. */
  applied: 'tutti.dev/applied',
} as const;

/** Whose something is, as the marks on it tell. */
export interface Mark {
  readonly owner: string;
  readonly application: { readonly id: string; readonly name: string };
  readonly component: string;
  /** Absent while it is not known to be whole. */
  readonly applied?: string;
}

/** 40 hex digits that stand for a component wherever only letters and digits may: labels, names of objects. */
export function releaseKey(owner: string, applicationId: string, component: string): string {
  return createHash('sha256')
    .update(JSON.stringify([owner, applicationId, component]))
    .digest('hex')
    .slice(0, 40);
}

/** The labels and annotations that go on an object of a component. */
export function marksOf(mark: Mark): {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
} {
  const { owner, application, component, applied } = mark;
  return {
    labels: { [marks.owner]: owner, [marks.release]: releaseKey(owner, application.id, component) },
    annotations: {
      [marks.application]: application.id,
      [marks.applicationName]: application.name,
      [marks.component]: component,
      ...(applied !== undefined && { [marks.applied]: applied }),
    },
  };
}

/** What the marks on an object tell; nothing when they are not all there, or are not of one piece. */
export function readMark(metadata: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}): Mark | undefined {
  const owner = metadata.labels?.[marks.owner];
  const id = metadata.annotations?.[marks.application];
  const component = metadata.annotations?.[marks.component];
  if (owner === undefined || id === undefined || component === undefined) return undefined;
  // Whoever copies an object copies its marks as well; a copy that was renamed or edited is not taken for ours.
  if (metadata.labels?.[marks.release] !== releaseKey(owner, id, component)) return undefined;
  const applied = metadata.annotations?.[marks.applied];
  return {
    owner,
    application: { id, name: metadata.annotations?.[marks.applicationName] ?? id },
    component,
    ...(applied !== undefined && { applied }),
  };
}
