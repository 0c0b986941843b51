import { useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowUp, Grid3x3, List } from 'lucide-react'
import { useEffect } from 'react'
import { Grid } from '../features/library/grid'
import { useLibrary } from '../features/library/library-context'
import { Table } from '../features/library/table'
import { useListing } from '../features/library/use-listing'
import { DropPlate } from '../features/upload/drop-plate'
import { messages } from '../lib/messages'
import { type View, viewChoice } from '../lib/preferences'
import { useMediaQuery } from '../lib/use-media-query'
import { useStore } from '../lib/use-store'
import { Button } from '../ui/button'
import { RequestId } from '../ui/problem-note'
import { Segmented } from '../ui/segmented'
import css from './images.module.css'

const TOP = 160
const NARROW = '(max-width: 760px)'

const views = [
  { value: 'grid', label: messages.library.views.grid, icon: <Grid3x3 aria-hidden="true" /> },
  { value: 'table', label: messages.library.views.table, icon: <List aria-hidden="true" /> },
] as const

export default function ImagesPage() {
  const listing = useListing()
  const view = useView()
  const narrow = useMediaQuery(NARROW)
  const entry = useLocation({ select: location => location.state.__TSR_key ?? '' })
  useEffect(() => {
    document.title = messages.app.titleImages
  }, [])
  const { images, total, pending, problem } = listing
  const empty = !pending && !problem && total === 0
  return (
    <main id="content" className={css.page}>
      <header className={css.head}>
        <h1 className={css.title}>{messages.library.title}</h1>
        {total > 0 ? <p className={css.count}>{messages.library.count(total)}</p> : null}
        {total > 0 ? (
          <div className={css.view}>
            <Segmented
              label={messages.library.view}
              options={views}
              value={view.current}
              onChange={view.choose}
              iconsOnly={narrow}
            />
          </div>
        ) : null}
      </header>
      <Arrived />
      {empty ? <DropPlate lead={messages.library.emptyLead} /> : null}
      {images.length > 0 && view.current === 'grid' ? <Grid listing={listing} entry={entry} /> : null}
      {images.length > 0 && view.current === 'table' ? (
        <div className={css.inset}>
          <Table listing={listing} entry={entry} />
        </div>
      ) : null}
      {pending ? <p className={css.quiet}>{messages.library.loading}</p> : null}
      {problem ? (
        <section className={css.problem} role="alert">
          <h2>{messages.problem.listFailed}</h2>
          <p>{problem.detail}</p>
          {problem.requestId === null ? null : <RequestId id={problem.requestId} />}
          <Button onClick={listing.retry}>{messages.problem.again}</Button>
        </section>
      ) : null}
    </main>
  )
}

/** The address says which view; a bare address shows the one that was chosen last. */
function useView(): { current: View; choose(view: View): void } {
  const navigate = useNavigate()
  const asked = useSearch({ from: '/images', select: search => search.view })
  const remembered = useStore(viewChoice)
  return {
    current: asked ?? remembered,
    choose: view => {
      viewChoice.set(view)
      void navigate({ to: '/images', search: { view }, replace: true })
    },
  }
}

/** What was uploaded while the reader was further down comes in when they are back at the top. */
function Arrived() {
  const library = useLibrary()
  const held = useStore(library.held)
  useEffect(() => {
    const onScroll = () => {
      if (scrollY < TOP) library.release()
    }
    onScroll()
    addEventListener('scroll', onScroll, { passive: true })
    return () => removeEventListener('scroll', onScroll)
  }, [library])
  if (held.length === 0) return null
  return (
    <div className={css.arrived}>
      <Button kind="primary" size="dense" icon={<ArrowUp aria-hidden="true" />} onClick={() => scrollTo(0, 0)}>
        {messages.library.arrived(held.length)}
      </Button>
    </div>
  )
}
