import { type Problem, parseJson, readProblem } from '../../../api/problem'
import { type Image, isImage } from '../../../api/types'
import { messages } from '../../../lib/messages'

/** What came back for one upload. */
export interface Reply {
  status: number
  body: string
  /** Value of Retry-After, if any. */
  retryAfter: string | null
}

/** What it means for the row. */
export type Answer =
  | { kind: 'ready'; image: Image }
  | { kind: 'held'; seconds: number; problem: Problem }
  | { kind: 'refused'; problem: Problem; retriable: boolean }

const HOLD_DEFAULT_S = 5
const HOLD_MAX_S = 300

export function readAnswer(reply: Reply, size: number, now: number): Answer {
  const body = parseJson(reply.body)
  if (reply.status === 200 || reply.status === 201) {
    if (isImage(body)) return { kind: 'ready', image: body }
    const problem = readProblem(reply.status, null, messages.problem.notAnImage)
    return { kind: 'refused', problem, retriable: true }
  }
  const problem = readProblem(reply.status, body, otherwise(reply.status, size))
  switch (reply.status) {
    // Too many at once, going down, or a proxy whose upstream is being restarted: the same bytes are welcome soon.
    case 429:
    case 502:
    case 503:
    case 504:
      return { kind: 'held', seconds: holdSeconds(reply.retryAfter, now), problem }
    default:
      return { kind: 'refused', problem, retriable: reply.status >= 500 || reply.status === 408 }
  }
}

/** Words for answers that brought none: those of a server on the way. */
function otherwise(status: number, size: number): string {
  switch (status) {
    case 401:
      return messages.problem.token
    case 413:
      return messages.problem.bodyTooLarge(size)
    case 507:
      return messages.problem.diskFull
    default:
      return messages.problem.status(status)
  }
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function holdSeconds(value: string | null, now: number): number {
  if (value === null || value === '') return HOLD_DEFAULT_S
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - now) / 1_000)
  if (!Number.isFinite(seconds)) return HOLD_DEFAULT_S
  return Math.min(HOLD_MAX_S, Math.max(1, seconds))
}
