import { useEffect, useLayoutEffect, useRef } from 'react'

const PREFIX = 'tintype.place.'

function read(key: string): unknown {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(PREFIX + key) ?? 'null')
    return value
  } catch {
    return null
  }
}

function write(key: string, place: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(place))
  } catch {
    // Without storage, Back leads to the top of the page.
  }
}

interface Options {
  /** The history entry; each has its own place. */
  entry: string
  /** What there is to scroll has its height. */
  ready: boolean
  /** Describes the place that is now in view. */
  capture(): unknown
  /** Goes to a place that `capture` described; null for an entry that is new. */
  restore(place: unknown): void
}

/** Brings the reader back to their place after Back, forward and reload. */
export function useScrollPlace({ entry, ready, capture, restore }: Options): void {
  const latest = useRef({ capture, restore })
  useLayoutEffect(() => {
    latest.current = { capture, restore }
  })
  useLayoutEffect(() => {
    if (ready) latest.current.restore(read(entry))
  }, [entry, ready])
  useEffect(() => {
    if (!ready) return
    // Saved in the frame of the scroll: when the page is left, what was scrolled may already be gone.
    let frame = 0
    const save = () => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => write(entry, latest.current.capture()))
    }
    addEventListener('scroll', save, { passive: true })
    return () => {
      removeEventListener('scroll', save)
      cancelAnimationFrame(frame)
    }
  }, [entry, ready])
}
