import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { messages } from '../lib/messages'
import { root as mountedAt } from '../lib/paths'
import { type Display, displayOf } from '../lib/preferences'
import UploadPage from '../pages/upload'
import { Button } from '../ui/button'
import { Shell } from './shell'
import css from './shell.module.css'

function Notice({ words }: { words: string }) {
  return (
    <main id="content" className={css.notice}>
      <h1>{words}</h1>
      <Button onClick={() => location.reload()}>{messages.app.reload}</Button>
    </main>
  )
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Notice words={messages.app.notFound} />,
  errorComponent: () => <Notice words={messages.app.broken} />,
})

const upload = createRoute({ getParentRoute: () => root, path: '/', component: UploadPage })

const images = createRoute({
  getParentRoute: () => root,
  path: '/images',
  validateSearch: (search: Record<string, unknown>): Partial<Display> => displayOf(search),
  component: lazyRouteComponent(() => import('../pages/images')),
})

export const router = createRouter({
  routeTree: root.addChildren([upload, images]),
  basepath: `${mountedAt}/`,
  defaultPreload: 'intent',
  // The pages bring readers back to their place themselves (lib/scroll-place.ts): by image, not by pixels.
  scrollRestoration: () => false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
