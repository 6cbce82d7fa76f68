const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes (k8s.io/apimachinery, api/resource) as a number: `4Gi`, `250m`, `1e3`. Nothing for any other text. */
export function bytesOf(quantity: string): number | undefined {
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|[MGTPE]|[KMGTPE]i)?$/.exec(quantity);
  const factor = factors[found?.[2] ?? ''];
  return found === null || factor === undefined ? undefined : Number(found[1]) * factor;
}
