export default function plugin() {
  return undefined;
}
