import type { Image } from '../../api/types'
import { month } from '../../lib/units'

export type LaidRow =
  | { kind: 'month'; label: string }
  /** Images `first` up to and without `first + count`; those not listed yet have no month. */
  | { kind: 'images'; first: number; count: number }

/** Rows from top to bottom with fixed heights, so that any place can be found without drawing what lies before it. */
export interface Layout {
  rows: readonly LaidRow[]
  /** Where each row starts, in px from the top of the list. */
  starts: readonly number[]
  height: number
}

interface Measures {
  columns: number
  rowHeight: number
  /** 0 leaves months out. */
  monthHeight: number
}

export function layOut(images: readonly Image[], total: number, measures: Measures): Layout {
  const { columns, rowHeight, monthHeight } = measures
  const rows: LaidRow[] = []
  const starts: number[] = []
  let height = 0
  const push = (row: LaidRow, rowSize: number) => {
    rows.push(row)
    starts.push(height)
    height += rowSize
  }
  let label = ''
  let open: { first: number; count: number } | null = null
  const close = () => {
    if (open) push({ kind: 'images', ...open }, rowHeight)
    open = null
  }
  for (let index = 0; index < Math.max(total, images.length); index += 1) {
    const image = images[index]
    const itsMonth = image && monthHeight > 0 ? month(image.created_at) : label
    if (itsMonth !== label) {
      close()
      label = itsMonth
      push({ kind: 'month', label }, monthHeight)
    }
    if (open && open.count === columns) close()
    if (open) open.count += 1
    else open = { first: index, count: 1 }
  }
  close()
  return { rows, starts, height }
}

/** The row that holds image `index`. */
export function rowOf({ rows }: Layout, index: number): number {
  let low = 0
  let high = rows.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const first = firstAt(rows, middle)
    if (first <= index) low = middle
    else high = middle - 1
  }
  return low
}

/** The first image at or after a row. */
function firstAt(rows: readonly LaidRow[], at: number): number {
  for (let index = at; index < rows.length; index += 1) {
    const row = rows[index]
    if (row?.kind === 'images') return row.first
  }
  return Number.POSITIVE_INFINITY
}

/** The last row that starts at or above `y`. */
export function rowAt({ starts }: Layout, y: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}

/** Where the arrow and page keys lead from image `index`; null for other keys. `page` is how many rows fit the window. */
export function step(layout: Layout, index: number, key: string, count: number, page: number): number | null {
  const last = count - 1
  switch (key) {
    case 'ArrowRight':
      return Math.min(last, index + 1)
    case 'ArrowLeft':
      return Math.max(0, index - 1)
    case 'ArrowDown':
      return vertical(layout, index, 1)
    case 'ArrowUp':
      return vertical(layout, index, -1)
    case 'PageDown':
      return vertical(layout, index, page)
    case 'PageUp':
      return vertical(layout, index, -page)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return null
  }
}

/** The image in the same column, `by` rows of images further; the nearest one where that row is shorter. */
function vertical(layout: Layout, index: number, by: number): number {
  const from = rowOf(layout, index)
  const row = layout.rows[from]
  if (row?.kind !== 'images') return index
  const column = index - row.first
  let result = index
  let left = Math.abs(by)
  const direction = Math.sign(by)
  for (let at = from + direction; left > 0 && at >= 0 && at < layout.rows.length; at += direction) {
    const other = layout.rows[at]
    if (other?.kind !== 'images') continue
    result = other.first + Math.min(column, other.count - 1)
    left -= 1
  }
  return result
}
