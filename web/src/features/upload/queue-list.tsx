import { type KeyboardEvent, useRef, useState } from 'react'
import type { Format } from '../../lib/embed'
import { messages } from '../../lib/messages'
import type { Row } from './queue/state'
import { useUpload } from './queue-context'
import css from './queue-list.module.css'
import { QueueRow } from './queue-row'

interface Props {
  rows: readonly Row[]
  format: Format
  connected: boolean
}

/** One Tab stop: arrows go from row to row, Tab into the buttons of the row that has the focus. */
export function QueueList({ rows, format, connected }: Props) {
  const { queue } = useUpload()
  const grid = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState<string | null>(null)
  const active = rows.some(row => row.id === current) ? current : (rows[0]?.id ?? null)

  const focusAt = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (!row) return
    setCurrent(row.id)
    grid.current?.querySelector<HTMLElement>(`[data-row="${row.id}"]`)?.focus()
  }
  /** The focus goes to a neighbour, never to nowhere. */
  const remove = (id: string) => {
    const index = rows.findIndex(row => row.id === id)
    const held = grid.current?.contains(document.activeElement) ?? false
    if (held && rows.length > 1) focusAt(index + 1 < rows.length ? index + 1 : index - 1)
    queue.remove([id])
    if (held && rows.length === 1) document.querySelector<HTMLElement>('#plate-title ~ div button')?.focus()
  }
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    const focused = event.target instanceof HTMLElement ? event.target.dataset.row : undefined
    // Keys belong to the row itself; its fields and buttons keep theirs.
    if (focused === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const index = rows.findIndex(row => row.id === focused)
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      focusAt(to)
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault()
      remove(focused)
    } else if (event.key === 'r' || event.key === 'R') queue.retry([focused])
  }

  return (
    <div ref={grid} role="grid" aria-label={messages.queue.list} className={css.list} onKeyDown={onKey}>
      {rows.map(row => (
        <QueueRow
          key={row.id}
          row={row}
          format={format}
          connected={connected}
          active={row.id === active}
          onFocus={setCurrent}
          onRemove={remove}
        />
      ))}
    </div>
  )
}
