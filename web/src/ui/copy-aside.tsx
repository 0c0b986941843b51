import { useEffect, useRef } from 'react'
import { copyStatus, refusedCopy } from '../lib/clipboard'
import { messages } from '../lib/messages'
import { useStore } from '../lib/use-store'
import { Button } from './button'
import css from './copy-aside.module.css'

/** Once in the app: says copies aloud, and offers the text selected where the browser refuses to copy. */
export function CopyAside() {
  const said = useStore(copyStatus)
  const text = useStore(refusedCopy)
  const dialog = useRef<HTMLDialogElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (text === null) return dialog.current?.close()
    if (!dialog.current?.open) dialog.current?.showModal()
    field.current?.select()
  }, [text])
  return (
    <>
      <p className="visually-hidden" role="status">
        {said}
      </p>
      <dialog ref={dialog} className={css.dialog} aria-labelledby="copy-title" onClose={() => refusedCopy.set(null)}>
        <h2 id="copy-title">{messages.copy.refusedTitle}</h2>
        <p>{messages.copy.refused}</p>
        <textarea ref={field} readOnly rows={4} value={text ?? ''} aria-label={messages.copy.refusedTitle} />
        <Button onClick={() => refusedCopy.set(null)}>{messages.copy.close}</Button>
      </dialog>
    </>
  )
}
