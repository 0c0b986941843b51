import '../styles/fonts.css'
import '../styles/fonts-ext.css'
import '../styles/tokens.css'
import '../styles/base.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { loadConfig } from '../api/client'
import { goesDirect } from '../api/types'
import { Library } from '../features/library/library'
import { LibraryContext } from '../features/library/library-context'
import { DirectTransport } from '../features/upload/queue/direct'
import { type Surroundings, UploadQueue } from '../features/upload/queue/queue'
import { xhrTransport } from '../features/upload/queue/transport'
import { UploadContext } from '../features/upload/queue-context'
import { messages } from '../lib/messages'
import { paths, root } from '../lib/paths'
import { paintBrowserBar, theme } from '../lib/theme'
import { router } from './router'

/** Past this many pixels a reader is in the middle of the list, and nothing may move under their eyes. */
const READING_PX = 160

const around: Surroundings = {
  now: () => performance.now(),
  date: Date.now,
  random: Math.random,
  after: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  soon: act => {
    // Frames stop while the tab is hidden; its title and the tray must not.
    if (document.hidden) setTimeout(act, 200)
    else requestAnimationFrame(act)
  },
}

const xhr = () => new XMLHttpRequest()
const fetcher = fetch.bind(window)

async function start(container: HTMLElement): Promise<void> {
  // Back leads to the place that the pages keep themselves.
  history.scrollRestoration = 'manual'
  if (theme.get() !== 'auto') paintBrowserBar()
  const config = await loadConfig()
  const queries = new QueryClient({ defaultOptions: { queries: { networkMode: 'offlineFirst' } } })
  const library = new Library(queries)
  const proxied = xhrTransport(xhr, fetcher)
  const direct = { ...around, online: () => navigator.onLine, xhr, fetch: fetcher, subtle: crypto.subtle }
  const queue = new UploadQueue(config, goesDirect(config) ? new DirectTransport(proxied, direct) : proxied, around)
  queue.onReady = image => library.arrive(image, location.pathname === root + paths.images && scrollY > READING_PX)
  library.onGone = (ids, gone) => queue.setGone(ids, gone)
  createRoot(container).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <UploadContext value={{ queue, config }}>
          <LibraryContext value={library}>
            <RouterProvider router={router} />
          </LibraryContext>
        </UploadContext>
      </QueryClientProvider>
    </StrictMode>,
  )
}

const container = document.getElementById('root')
if (!container) throw new Error('index.html has no #root')
start(container).catch(() => {
  container.textContent = messages.problem.noAnswer
})
