/** Divided by, so that 3800m is 3.8. */
const divisors: Readonly<Record<string, number>> = { n: 1e9, u: 1e6, m: 1e3 };
const factors: Readonly<Record<string, number>> = {
  ...{ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes (k8s.io/apimachinery, api/resource) as a number: `4Gi`, `250m`, `1e3`. Nothing for any other text. */
export function amountOf(quantity: string): number | undefined {
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|[MGTPE]|[KMGTPE]i)?$/.exec(quantity);
  if (found === null) return undefined;
  const [amount, unit] = [Number(found[1]), found[2] ?? ''];
  return (amount * (factors[unit] ?? 1)) / (divisors[unit] ?? 1);
}
