const DELAYS_MS = [0, 1_000, 3_000, 8_000, 20_000] as const

/** How long to wait before asking for the server again: 0, 1, 3, 8, then always 20 s, each up to a fifth more or less. */
export function backoff(attempt: number, random: () => number): number {
  const base = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 20_000
  // Many browsers lose a server at the same moment; the first try is spread too.
  return base === 0 ? random() * 300 : base * (0.8 + random() * 0.4)
}
