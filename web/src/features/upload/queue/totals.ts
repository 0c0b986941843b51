import { isMoving, isOpen, type QueueState } from './state'

/** The newest batch in figures. Refused files count nowhere but in `refused`. */
export interface Totals {
  /** Files in, or still on the way. */
  count: number
  done: number
  refused: number
  /** Bytes. `sent` never goes back while the batch runs. */
  sent: number
  size: number
  /** Something is still to be done. */
  active: boolean
  /** Bytes are moving or an answer is awaited. */
  moving: boolean
  /** Bytes a second, and seconds until done; null while nothing can be said. */
  speed: number | null
  secondsLeft: number | null
}

export function totalsOf(state: QueueState, speed: number | null): Totals {
  const totals: Totals = {
    count: 0,
    done: 0,
    refused: 0,
    sent: 0,
    size: 0,
    active: false,
    moving: false,
    speed,
    secondsLeft: null,
  }
  for (const row of state.rows) {
    if (isMoving(row)) totals.moving = true
    if (isOpen(row)) totals.active = true
    if (row.batch !== state.batch) continue
    if (row.state.kind === 'refused') {
      totals.refused += 1
      continue
    }
    totals.count += 1
    totals.size += row.size
    totals.sent += row.state.kind === 'ready' ? row.size : row.peak
    if (row.state.kind === 'ready') totals.done += 1
  }
  if (speed !== null && speed > 0 && totals.active) totals.secondsLeft = (totals.size - totals.sent) / speed
  return totals
}
