import { useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import { DropPlate } from '../features/upload/drop-plate'
import { useSnapshot, useUpload } from '../features/upload/queue-context'
import { QueuePanel } from '../features/upload/queue-panel'
import { messages } from '../lib/messages'
import { useScrollPlace } from '../lib/scroll-place'
import css from './upload.module.css'

export default function UploadPage() {
  const { config } = useUpload()
  const { rows } = useSnapshot()
  const entry = useLocation({ select: location => location.state.__TSR_key ?? '' })
  useEffect(() => {
    document.title = messages.app.titleUpload
  }, [])
  useScrollPlace({
    entry,
    ready: true,
    capture: () => scrollY,
    restore: place => scrollTo(0, typeof place === 'number' ? place : 0),
  })
  return (
    <main id="content" className={css.page}>
      <header>
        <h1>{messages.plate.heading}</h1>
        <p className={css.lead}>{messages.plate.lead[config.store]}</p>
      </header>
      <DropPlate compact={rows.length > 0} />
      <QueuePanel />
    </main>
  )
}
