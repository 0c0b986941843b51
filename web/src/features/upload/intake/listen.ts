import type { Given } from '../queue/queue'
import { givenByDrop, givenFiles, PasteNames } from './given'

export interface IntakeEvents {
  add(given: Given[]): void
  /** How many files hang over the window (0 where the browser does not tell), or null when none does. */
  over(count: number | null): void
}

const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false

const countOf = (event: DragEvent) => [...(event.dataTransfer?.items ?? [])].filter(item => item.kind === 'file').length

/**
 * Takes files that are dropped or pasted anywhere in the window, and those that came before the app ran. Text and
 * pasted addresses are left alone. Returns what ends it.
 */
export function listenForFiles(events: IntakeEvents): () => void {
  const end = new AbortController()
  const options = { signal: end.signal }
  const names = new PasteNames()
  // Every element that the pointer crosses sends an enter and a leave; only when all are left has the drag left.
  let depth = 0
  const leave = () => {
    depth = 0
    events.over(null)
  }
  addEventListener(
    'dragenter',
    event => {
      if (!holdsFiles(event)) return
      depth += 1
      events.over(countOf(event))
    },
    options,
  )
  addEventListener(
    'dragleave',
    event => {
      if (!holdsFiles(event)) return
      depth -= 1
      if (depth <= 0) leave()
    },
    options,
  )
  addEventListener(
    'dragover',
    event => {
      if (!holdsFiles(event) || !event.dataTransfer) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    },
    options,
  )
  addEventListener(
    'drop',
    event => {
      if (!holdsFiles(event) || !event.dataTransfer) return
      event.preventDefault()
      leave()
      events.add(givenByDrop(event.dataTransfer))
    },
    options,
  )
  addEventListener(
    'keydown',
    event => {
      if (event.key === 'Escape' && depth > 0) leave()
    },
    options,
  )
  addEventListener(
    'paste',
    event => {
      const files = event.clipboardData?.files
      if (!files || files.length === 0) return
      event.preventDefault()
      events.add(names.given(files, new Date()))
    },
    options,
  )
  const early = window.tintypeEarly?.stop() ?? []
  if (early.length > 0) events.add(givenFiles(early))
  return () => end.abort()
}

/** The pictures in the clipboard, for the Paste button. `hint` where the browser only takes the keyboard's paste. */
export async function readClipboard(): Promise<Given[] | 'hint'> {
  const files: File[] = []
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find(candidate => candidate.startsWith('image/'))
      if (type) files.push(new File([await item.getType(type)], '', { type }))
    }
  } catch {
    return 'hint'
  }
  return new PasteNames().given(files, new Date())
}
