import { X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { messages } from '../../lib/messages'
import { useStore } from '../../lib/use-store'
import { Button } from '../../ui/button'
import { RequestId } from '../../ui/problem-note'
import type { Notice } from './library'
import { useLibrary } from './library-context'
import css from './undo-toast.module.css'

const SHOWN_MS = 8_000

function wordsOf(notice: Notice): string {
  switch (notice.kind) {
    case 'deleted':
      return messages.library.deleted(notice.images.length)
    case 'restored':
      return messages.library.restored(notice.count)
    case 'failed':
      return notice.words
  }
}

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input:not([readonly], [type=radio]), textarea:not([readonly])')

/** Stays 8 s, and as long as the pointer or the focus is on it. Ctrl+Z does what its button does. */
export function UndoToast() {
  const library = useLibrary()
  const notice = useStore(library.notice)
  const [paused, setPaused] = useState(false)
  const toast = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (!notice) {
      setPaused(false)
      return
    }
    // Newly shown, it lies above whatever else has come to the top layer.
    toast.current?.hidePopover()
    toast.current?.showPopover()
  }, [notice])
  useEffect(() => {
    if (!notice || paused) return
    const timer = setTimeout(() => library.dismiss(), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice, paused, library])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== 'z' ||
        !(event.ctrlKey || event.metaKey) ||
        event.shiftKey ||
        inField(event.target)
      )
        return
      if (library.notice.get()?.kind !== 'deleted') return
      event.preventDefault()
      void library.undo()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [library])

  return (
    <>
      <p className="visually-hidden" role="status">
        {notice ? wordsOf(notice) : ''}
      </p>
      {notice ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: it only waits while something rests on it.
        <div
          ref={toast}
          popover="manual"
          className={css.toast}
          data-testid="toast"
          onMouseEnter={() => setPaused(true)}
          onMouseLeave={() => setPaused(false)}
          onFocus={() => setPaused(true)}
          onBlur={() => setPaused(false)}
        >
          <span className={css.words}>{wordsOf(notice)}</span>
          {notice.kind === 'failed' && notice.requestId !== null ? <RequestId id={notice.requestId} /> : null}
          {notice.kind === 'deleted' ? (
            <Button
              size="dense"
              aria-keyshortcuts="Control+Z"
              title={messages.library.undoHint}
              onClick={() => void library.undo()}
            >
              {messages.library.undo}
            </Button>
          ) : null}
          <Button
            kind="quiet"
            size="dense"
            icon={<X aria-hidden="true" />}
            aria-label={messages.library.dismiss}
            onClick={() => library.dismiss()}
          />
        </div>
      ) : null}
    </>
  )
}
