import { type Format, isFormat, JOINS, type Join } from './embed'
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

/** Tells the values of a list of words from anything else. */
const among =
  <T extends string>(values: readonly T[]) =>
  (value: unknown): value is T =>
    values.some(each => each === value)

export const VIEWS = ['grid', 'table'] as const
export type View = (typeof VIEWS)[number]
export const ORDERS = ['newest', 'oldest'] as const
export type Order = (typeof ORDERS)[number]
export const DENSITIES = ['comfortable', 'compact'] as const
export type Density = (typeof DENSITIES)[number]

/** How the list of images is shown. */
export interface Display {
  view: View
  order: Order
  density: Density
}

const isView = among(VIEWS)
const isOrder = among(ORDERS)
const isDensity = among(DENSITIES)

/** What an address says of the display. A word that does not exist is as good as none. */
export function displayOf(search: Record<string, unknown>): Partial<Display> {
  return {
    ...(isView(search.view) ? { view: search.view } : {}),
    ...(isOrder(search.order) ? { order: search.order } : {}),
    ...(isDensity(search.density) ? { density: search.density } : {}),
  }
}

export const formatChoice = remembered<Format>('tintype.format', isFormat, 'link')
export const joinChoice = remembered<Join>('tintype.join', among(JOINS), 'lines')
/** What was chosen last; a bare address shows it. */
export const displayChoice: { readonly [K in keyof Display]: Cell<Display[K]> } = {
  view: remembered<View>('tintype.view', isView, 'grid'),
  order: remembered<Order>('tintype.order', isOrder, 'newest'),
  density: remembered<Density>('tintype.density', isDensity, 'comfortable'),
}

export function rememberDisplay<K extends keyof Display>(what: K, value: Display[K]): void {
  displayChoice[what].set(value)
}
