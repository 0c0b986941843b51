import type { Problem } from '../../../api/problem'
import type { Image } from '../../../api/types'
import { isOpen, type QueueState, type Row, type RowState } from './state'

export type Action =
  | { type: 'added'; files: readonly { id: string; file: File; name: string; size: number }[] }
  | { type: 'passed'; id: string }
  | { type: 'refused'; id: string; problem: Problem; retriable: boolean }
  | { type: 'started'; id: string }
  | { type: 'progressed'; id: string; sent: number }
  | { type: 'sent'; id: string }
  | { type: 'answered'; id: string; image: Image }
  | { type: 'held'; id: string; seconds: number }
  | { type: 'released'; id: string }
  | { type: 'lost'; id: string }
  | { type: 'stillDown' }
  | { type: 'reconnected' }
  | { type: 'retried'; ids: readonly string[] }
  | { type: 'removed'; ids: readonly string[] }
  | { type: 'goneChanged'; imageIds: readonly string[]; gone: boolean }

/** What happened, applied. Pure: an action about a row that is no longer in the right state changes nothing. */
export function reduce(state: QueueState, action: Action): QueueState {
  switch (action.type) {
    case 'added':
      return added(state, action.files)
    case 'passed':
      return move(state, action.id, ['reading'], { kind: 'waiting' })
    case 'refused':
      return move(state, action.id, ['reading', 'sending', 'checking'], {
        kind: 'refused',
        problem: action.problem,
        retriable: action.retriable,
      })
    case 'started':
      return move(state, action.id, ['waiting'], { kind: 'sending', sent: 0 })
    case 'progressed':
      return progressed(state, action.id, action.sent)
    case 'sent':
      return change(state, action.id, ['sending'], row => ({ ...row, peak: row.size, state: { kind: 'checking' } }))
    case 'answered':
      return {
        ...move(state, action.id, ['sending', 'checking'], { kind: 'ready', image: action.image, gone: false }),
        connection: { kind: 'up' },
      }
    case 'held':
      return change(state, action.id, ['sending', 'checking'], row => ({
        ...row,
        holds: row.holds + 1,
        state: { kind: 'held', seconds: action.seconds },
      }))
    case 'released':
      return move(state, action.id, ['held'], { kind: 'waiting' })
    case 'lost':
      return lost(state, action.id)
    case 'stillDown':
      return stillDown(state)
    case 'reconnected':
      return { ...state, connection: { kind: 'up' } }
    case 'retried':
      return retried(state, action.ids)
    case 'removed':
      return { ...state, rows: state.rows.filter(row => !action.ids.includes(row.id)) }
    case 'goneChanged':
      return goneChanged(state, action.imageIds, action.gone)
  }
}

function change(state: QueueState, id: string, from: readonly RowState['kind'][], next: (row: Row) => Row): QueueState {
  const index = state.rows.findIndex(row => row.id === id)
  const row = state.rows[index]
  if (!row || !from.includes(row.state.kind)) return state
  return { ...state, rows: state.rows.with(index, next(row)) }
}

function move(state: QueueState, id: string, from: readonly RowState['kind'][], to: RowState): QueueState {
  return change(state, id, from, row => ({ ...row, state: to }))
}

/** Newest batch first; within a batch, in the order in which the files were given. */
function added(
  state: QueueState,
  files: readonly { id: string; file: File; name: string; size: number }[],
): QueueState {
  const batch = state.rows.some(isOpen) ? state.batch : state.batch + 1
  const rows = files.map((file): Row => ({ ...file, peak: 0, losses: 0, holds: 0, batch, state: { kind: 'reading' } }))
  const end = state.rows.findLastIndex(row => row.batch === batch) + 1
  return { ...state, batch, rows: state.rows.toSpliced(end, 0, ...rows) }
}

/** Out of `checking` too: whoever refused a file after its last byte gets it sent anew, or another way. */
function progressed(state: QueueState, id: string, sent: number): QueueState {
  return change(state, id, ['sending', 'checking'], row => {
    const bounded = Math.min(sent, row.size)
    return { ...row, peak: Math.max(row.peak, bounded), state: { kind: 'sending', sent: bounded } }
  })
}

function lost(state: QueueState, id: string): QueueState {
  const next = change(state, id, ['sending', 'checking'], row => ({
    ...row,
    losses: row.losses + 1,
    state: { kind: 'waiting' },
  }))
  if (next === state || state.connection.kind === 'down') return next
  const losses = next.rows.find(row => row.id === id)?.losses ?? 1
  return { ...next, connection: { kind: 'down', attempt: losses - 1 } }
}

/** The server itself is out of reach, so no file is to blame for the connections that broke. */
function stillDown(state: QueueState): QueueState {
  const attempt = state.connection.kind === 'down' ? state.connection.attempt + 1 : 0
  const rows = state.rows.map(row => (row.losses > 0 && isOpen(row) ? { ...row, losses: 0 } : row))
  return { ...state, rows, connection: { kind: 'down', attempt } }
}

function retried(state: QueueState, ids: readonly string[]): QueueState {
  const batch = state.rows.some(isOpen) ? state.batch : state.batch + 1
  const rows = state.rows.map(row =>
    ids.includes(row.id) && row.state.kind === 'refused' && row.state.retriable
      ? { ...row, batch, peak: 0, losses: 0, holds: 0, state: { kind: 'waiting' } as const }
      : row,
  )
  return { ...state, rows, batch }
}

function goneChanged(state: QueueState, imageIds: readonly string[], gone: boolean): QueueState {
  const rows = state.rows.map(row =>
    row.state.kind === 'ready' && imageIds.includes(row.state.image.id)
      ? { ...row, state: { ...row.state, gone } }
      : row,
  )
  return { ...state, rows }
}
