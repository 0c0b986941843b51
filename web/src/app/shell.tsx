import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Images, Monitor, Moon, Sun, Upload } from 'lucide-react'
import { UndoToast } from '../features/library/undo-toast'
import { DropOverlay } from '../features/upload/drop-overlay'
import { LiveRegion } from '../features/upload/live-region'
import { Tray } from '../features/upload/tray'
import { useIntake } from '../features/upload/use-intake'
import { messages } from '../lib/messages'
import { displayChoice } from '../lib/preferences'
import { setTheme, THEMES, theme } from '../lib/theme'
import { useStore } from '../lib/use-store'
import { CopyAside } from '../ui/copy-aside'
import { Mark } from '../ui/mark'
import { Segmented } from '../ui/segmented'
import css from './shell.module.css'

const icons = {
  auto: <Monitor aria-hidden="true" />,
  light: <Sun aria-hidden="true" />,
  dark: <Moon aria-hidden="true" />,
}
const themes = THEMES.map(value => ({ value, label: messages.app.themes[value], icon: icons[value] }))

/** What stands around every page, and what must outlive each: the queue's eyes and ears, the undo toast. */
export function Shell() {
  const navigate = useNavigate()
  const chosen = useStore(theme)
  const view = useStore(displayChoice.view)
  const onUpload = useLocation({ select: location => location.pathname === '/' })
  const over = useIntake()
  return (
    <>
      <a className={css.skip} href="#content">
        {messages.app.skip}
      </a>
      <header className={css.header}>
        <Link to="/" className={css.brand} aria-label={messages.app.home}>
          <Mark />
          {messages.app.name}
        </Link>
        <nav className={css.tabs} aria-label={messages.app.main}>
          <Link to="/" className={css.tab} activeOptions={{ exact: true, includeSearch: false }}>
            <Upload aria-hidden="true" />
            {messages.app.upload}
          </Link>
          <Link to="/images" search={{ view }} className={css.tab} activeOptions={{ includeSearch: false }}>
            <Images aria-hidden="true" />
            {messages.app.images}
          </Link>
        </nav>
        <Segmented label={messages.app.theme} options={themes} value={chosen} onChange={setTheme} iconsOnly />
      </header>
      <Outlet />
      {onUpload ? null : <Tray onShow={() => void navigate({ to: '/' })} />}
      {over === null ? null : <DropOverlay count={over} />}
      <UndoToast />
      <LiveRegion />
      <CopyAside />
    </>
  )
}
