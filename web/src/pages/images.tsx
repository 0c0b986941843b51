import { useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowUp, Grid3x3, List, SlidersHorizontal } from 'lucide-react'
import { useEffect } from 'react'
import { Grid } from '../features/library/grid'
import { useLibrary } from '../features/library/library-context'
import { Table } from '../features/library/table'
import { useListing } from '../features/library/use-listing'
import { DropPlate } from '../features/upload/drop-plate'
import { messages } from '../lib/messages'
import { DENSITIES, type Display, displayChoice, ORDERS, rememberDisplay } from '../lib/preferences'
import { useMediaQuery } from '../lib/use-media-query'
import { useStore } from '../lib/use-store'
import { Button } from '../ui/button'
import { Menu } from '../ui/menu'
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
  const [display, choose] = useDisplay()
  const { view, density } = display
  const listing = useListing(display.order)
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
              value={view}
              onChange={next => choose('view', next)}
              iconsOnly={narrow}
            />
            <DisplayMenu display={display} choose={choose} />
          </div>
        ) : null}
      </header>
      <Arrived />
      {empty ? <DropPlate lead={messages.library.emptyLead} /> : null}
      {images.length > 0 && view === 'grid' ? <Grid listing={listing} density={density} entry={entry} /> : null}
      {images.length > 0 && view === 'table' ? (
        <div className={css.inset}>
          <Table listing={listing} density={density} entry={entry} />
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

type Choose = <K extends keyof Display>(what: K, value: Display[K]) => void

/** The address says how the list is shown; what it leaves out is as it was chosen last. */
function useDisplay(): [Display, Choose] {
  const navigate = useNavigate()
  const asked = useSearch({ from: '/images' })
  const view = useStore(displayChoice.view)
  const order = useStore(displayChoice.order)
  const density = useStore(displayChoice.density)
  const choose: Choose = (what, value) => {
    rememberDisplay(what, value)
    void navigate({ to: '/images', search: before => ({ ...before, [what]: value }), replace: true })
  }
  return [{ view, order, density, ...asked }, choose]
}

function DisplayMenu({ display, choose }: { display: Display; choose: Choose }) {
  const orders = ORDERS.map(value => ({
    key: value,
    label: messages.library.orders[value],
    checked: value === display.order,
    act: () => choose('order', value),
  }))
  const densities = DENSITIES.map((value, index) => ({
    key: value,
    label: messages.library.densities[value],
    divided: index === 0,
    checked: value === display.density,
    act: () => choose('density', value),
  }))
  return (
    <Menu
      label={messages.library.display}
      icon={<SlidersHorizontal aria-hidden="true" />}
      items={[...orders, ...densities]}
    />
  )
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
