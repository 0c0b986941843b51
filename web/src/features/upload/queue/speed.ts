const WINDOW_MS = 8_000
const SETTLE_MS = 3_000

/** Bytes a second over the last 8 s. Says nothing in the first 3 s, when any figure would be a guess. */
export class SpeedMeter {
  #began: number | null = null
  #total = 0
  #samples: { at: number; total: number }[] = []

  /** `bytes` more went out, at `at` milliseconds. */
  record(bytes: number, at: number): void {
    this.#began ??= at
    this.#total += bytes
    const last = this.#samples.at(-1)
    // One sample for each tenth of a second is enough, and keeps the list short.
    if (last && at - last.at < 100 && this.#samples.length > 1) last.total = this.#total
    else this.#samples.push({ at, total: this.#total })
    this.#forget(at)
  }

  /** Null while nothing can be said. */
  perSecond(now: number): number | null {
    if (this.#began === null || now - this.#began < SETTLE_MS) return null
    this.#forget(now)
    const first = this.#samples[0]
    if (!first) return null
    const span = Math.max(now - first.at, 1)
    return Math.max(0, ((this.#total - first.total) / span) * 1_000)
  }

  reset(): void {
    this.#began = null
    this.#samples = []
  }

  #forget(now: number): void {
    const keep = this.#samples.findIndex(sample => now - sample.at <= WINDOW_MS)
    if (keep > 0) this.#samples.splice(0, keep)
    else if (keep < 0) this.#samples = []
  }
}
