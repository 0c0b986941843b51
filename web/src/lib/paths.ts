const here = import.meta.url

/** The path that all of the app lies under, without a slash at its end: mostly none. The built files know, being in assets/. */
export const root = import.meta.env.DEV ? '' : new URL('../', here).pathname.slice(0, -1)

/** Every address that the app asks or links to, below the root. */
export const paths = {
  upload: '/',
  images: '/images',
  api: {
    config: '/api/v1/config',
    images: '/api/v1/images',
    image: '/api/v1/images/{id}',
    restore: '/api/v1/images/{id}/restore',
    init: '/uploads/init',
    complete: '/uploads/complete',
  },
} as const

/**
 * The same resource on the host that this page came from. Links name the host that the operator chose for sharing, which
 * may not be the one in the address bar (a tunnel, a port on localhost); the page's policy loads pictures from its own alone.
 */
export function onThisHost(link: string): string {
  const url = new URL(link, 'http://local')
  return url.pathname + url.search
}
