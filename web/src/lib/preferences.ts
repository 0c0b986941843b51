import { type Format, isFormat } from './embed'
import { Cell } from './store'

/** Reads and writes a remembered choice; a browser that keeps nothing still works for this visit. */
function remembered<T extends string>(key: string, isValue: (value: unknown) => value is T, initial: T): Cell<T> {
  const read = (): T => {
    try {
      const value = localStorage.getItem(key)
      return isValue(value) ? value : initial
    } catch {
      return initial
    }
  }
  const cell = new Cell<T>(read())
  cell.subscribe(() => {
    try {
      localStorage.setItem(key, cell.get())
    } catch {
      // Storage is full or forbidden: the choice lasts until the page is left.
    }
  })
  return cell
}

export type View = 'grid' | 'table'
export const isView = (value: unknown): value is View => value === 'grid' || value === 'table'

export const formatChoice = remembered<Format>('tintype.format', isFormat, 'link')
export const viewChoice = remembered<View>('tintype.view', isView, 'grid')
