import type { Problem } from '../../../api/problem'
import type { Image } from '../../../api/types'

/** Where one file stands. Every place that shows or counts rows decides on all of these. */
export type RowState =
  /** Its first bytes are being looked at; nothing has been sent. */
  | { kind: 'reading' }
  | { kind: 'waiting' }
  | { kind: 'sending'; sent: number }
  /** All bytes are sent; the server has not answered yet. */
  | { kind: 'checking' }
  /** The server asked to come back later (429, 503); `seconds` is what it asked for. */
  | { kind: 'held'; seconds: number }
  /** `gone`: deleted since, under Images. */
  | { kind: 'ready'; image: Image; gone: boolean }
  /** `retriable`: the same bytes may be taken another time. */
  | { kind: 'refused'; problem: Problem; retriable: boolean }

export interface Row {
  id: string
  file: File
  name: string
  /** Bytes of the file. */
  size: number
  /** The most bytes ever sent of it, so that the total never goes back when a connection breaks. */
  peak: number
  /** Connections that broke while this file was sent, though the server could be reached. */
  losses: number
  /** Times that the server put this file off. */
  holds: number
  /** Files given while nothing was under way begin a new batch; totals are about the newest one. */
  batch: number
  state: RowState
}

export type Connection =
  | { kind: 'up' }
  /** `attempt`: how often the server has been asked for since, in vain. */
  | { kind: 'down'; attempt: number }

export interface QueueState {
  rows: readonly Row[]
  connection: Connection
  batch: number
}

export const emptyQueue: QueueState = { rows: [], connection: { kind: 'up' }, batch: 0 }

/** Bytes are on their way, or an answer is: leaving now would lose something. */
export function isMoving(row: Row): boolean {
  return row.state.kind === 'sending' || row.state.kind === 'checking'
}

/** Neither in nor refused. */
export function isOpen(row: Row): boolean {
  switch (row.state.kind) {
    case 'reading':
    case 'waiting':
    case 'sending':
    case 'checking':
    case 'held':
      return true
    case 'ready':
    case 'refused':
      return false
  }
}
