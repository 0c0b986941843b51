import { root } from './paths'
import { Cell } from './store'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const COOKIE = 'tintype_theme'
const YEAR_SECONDS = 31_536_000
const CANVAS = { light: '#F2F3F0', dark: '#110E0C' }

/** The server has written the cookie's theme on <html>, so the first paint is already right. */
function current(): Theme {
  const named = document.documentElement.dataset.theme
  return THEMES.find(theme => theme === named) ?? 'auto'
}

export const theme = new Cell<Theme>(current())

export function setTheme(next: Theme): void {
  theme.set(next)
  document.documentElement.dataset.theme = next
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  const age = next === 'auto' ? 0 : YEAR_SECONDS
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http, where people run this too.
  document.cookie = `${COOKIE}=${next}; path=${root}/; max-age=${age}; SameSite=Lax${secure}`
  paintBrowserBar(next)
}

/** Phones colour their address bar by these two tags, one for each colour scheme of the system. */
export function paintBrowserBar(chosen: Theme = theme.get()): void {
  for (const tag of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const system = tag.media.includes('dark') ? 'dark' : 'light'
    tag.content = CANVAS[chosen === 'auto' ? system : chosen]
  }
}
