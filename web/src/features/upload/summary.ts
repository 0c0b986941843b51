import { messages } from '../../lib/messages'
import { bytes, percent, timeLeft } from '../../lib/units'
import type { Snapshot } from './queue/queue'

/** The queue in a line: `37 of 120`, and after it `43 % · 8.2 MB/s · 2 min left`, or how it ended. */
export function summary({ totals, connection }: Snapshot): { main: string; rest: string } {
  if (!totals.active) {
    if (totals.count === 0) return { main: messages.queue.noneDone(totals.refused), rest: '' }
    if (totals.refused > 0)
      return { main: messages.queue.someDone(totals.done, totals.refused), rest: bytes(totals.size) }
    return { main: messages.queue.allDone(totals.done), rest: bytes(totals.size) }
  }
  const parts = [percent(totals.sent, totals.size)]
  if (connection.kind === 'down') parts.push(messages.queue.connection)
  else {
    if (totals.speed !== null && totals.speed > 0) parts.push(messages.queue.speed(totals.speed))
    if (totals.secondsLeft !== null) parts.push(timeLeft(totals.secondsLeft))
  }
  return { main: messages.queue.of(totals.done, totals.count), rest: parts.join(' · ') }
}
