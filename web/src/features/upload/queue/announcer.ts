import { messages } from '../../../lib/messages'
import type { Snapshot } from './queue'

const QUIET_MS = 5_000

export interface Announcement {
  /** For a polite live region. */
  status: string
  /** For role=alert; each refusal is said once. */
  alert: string
}

/**
 * Decides what a screen reader hears of the queue: how many are in, at most every 5 s; the end of a batch exactly once;
 * each refusal once. Fed with every snapshot, and with the time.
 */
export class Announcer {
  #saidAt = Number.NEGATIVE_INFINITY
  #said = ''
  #finishedBatch = 0
  #down = false
  readonly #alerted = new Set<string>()

  /** Null where there is nothing new to say. */
  hear({ rows, totals, batch, connection }: Snapshot, now: number): Partial<Announcement> | null {
    const alert = this.#refusals(rows)
    const status = this.#progress(totals, batch, connection.kind === 'down', now)
    if (alert === null && status === null) return null
    return { ...(alert === null ? {} : { alert }), ...(status === null ? {} : { status }) }
  }

  #refusals(rows: Snapshot['rows']): string | null {
    const fresh: { name: string; why: string }[] = []
    for (const row of rows) {
      if (row.state.kind !== 'refused') this.#alerted.delete(row.id)
      else if (!this.#alerted.has(row.id)) {
        this.#alerted.add(row.id)
        fresh.push({ name: row.name, why: row.state.problem.detail })
      }
    }
    const [first, ...rest] = fresh
    if (!first) return null
    return rest.length === 0
      ? messages.queue.saidRefused(first.name, first.why)
      : messages.queue.saidRefusedMany(fresh.length)
  }

  #progress(totals: Snapshot['totals'], batch: number, down: boolean, now: number): string | null {
    if (down !== this.#down) {
      this.#down = down
      return this.#say(down ? messages.queue.saidConnection : messages.queue.saidConnected, now)
    }
    if (batch > 0 && !totals.active) {
      if (this.#finishedBatch === batch || totals.done === 0) return null
      this.#finishedBatch = batch
      const words =
        totals.refused > 0 ? messages.queue.someDone(totals.done, totals.refused) : messages.queue.allDone(totals.done)
      return this.#say(words, now)
    }
    if (!totals.active || totals.count === 0 || now - this.#saidAt < QUIET_MS) return null
    const words = messages.queue.said(totals.done, totals.count, totals.refused)
    return words === this.#said ? null : this.#say(words, now)
  }

  #say(words: string, now: number): string {
    this.#saidAt = now
    this.#said = words
    return words
  }
}
