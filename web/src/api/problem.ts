import { isRecord } from './types'

/** Why something was refused, in the parts that the app shows. From RFC 9457's problem document, or from none at all. */
export interface Problem {
  /** HTTP status; 0 where no answer came. */
  status: number
  /** The server's stable code, or one of the app's own (`no_answer`, `not_json`). */
  code: string
  detail: string
  requestId: string | null
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Reads a problem document. A proxy's HTML page or an empty body gives `otherwise` as the words. */
export function readProblem(status: number, body: unknown, otherwise: string): Problem {
  const record = isRecord(body) ? body : {}
  return {
    status,
    code: text(record.code) ?? 'not_json',
    detail: text(record.detail) ?? text(record.title) ?? otherwise,
    requestId: text(record.request_id),
  }
}

export function parseJson(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return value
  } catch {
    return null
  }
}
