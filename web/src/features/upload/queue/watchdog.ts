import type { Transport } from './transport'

const EVERY_MS = 5_000
const STALL_MS = 12_000
/** Beyond this even a server that answers others has forgotten this upload. */
const SILENCE_MAX_MS = 180_000

interface Clock {
  now(): number
  after(ms: number, act: () => void): () => void
}

/**
 * A network that goes away often leaves connections hanging for minutes. The watchdog notices uploads on which nothing
 * moves, asks whether the server still answers, and gives them up if not.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #transport: Transport
  readonly #lose: (id: string) => void
  readonly #moved = new Map<string, number>()
  #stopTimer: (() => void) | null = null

  constructor(clock: Clock, transport: Transport, lose: (id: string) => void) {
    this.#clock = clock
    this.#transport = transport
    this.#lose = lose
  }

  watch(id: string): void {
    this.#moved.set(id, this.#clock.now())
    if (!this.#stopTimer) this.#tick()
  }

  touch(id: string): void {
    if (this.#moved.has(id)) this.#moved.set(id, this.#clock.now())
  }

  forget(id: string): void {
    this.#moved.delete(id)
    if (this.#moved.size > 0) return
    this.#stopTimer?.()
    this.#stopTimer = null
  }

  /** Gives up what has not moved for `stallMs`, if the server does not answer. */
  async examine(stallMs = STALL_MS): Promise<void> {
    const before = this.#clock.now()
    const silent = [...this.#moved].filter(([, at]) => before - at >= stallMs)
    if (silent.length === 0) return
    const answers = await this.#transport.probe()
    for (const [id, at] of silent) {
      // What moved while the server was asked is alive.
      if (this.#moved.get(id) !== at) continue
      if (!answers || before - at > SILENCE_MAX_MS) this.#lose(id)
    }
  }

  #tick(): void {
    this.#stopTimer = this.#clock.after(EVERY_MS, () => {
      this.#stopTimer = null
      void this.examine().then(() => {
        if (this.#moved.size > 0 && !this.#stopTimer) this.#tick()
      })
    })
  }
}
