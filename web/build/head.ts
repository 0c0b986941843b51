import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Plugin, transformWithOxc } from 'vite'

const EARLY = 'src/early.ts'
const EARLY_BUILT = /early-[^/]*\.js$/
const PAGE_CSS = 'assets/page.css'
const UI_FONT = /atkinson-hyperlegible-next-latin-wght-normal.*\.woff2$/

/**
 * Writes what belongs in the head of the built page and cannot stand in index.html, because its names carry hashes:
 * the blocking script that keeps files dropped before the app runs, the preload of the one font seen first, and the
 * stylesheet of the form for browsers without JavaScript.
 */
export function head(): Plugin {
  return {
    name: 'tintype-head',
    apply: 'build',
    async buildStart() {
      this.addWatchFile(EARLY)
      const { code } = await transformWithOxc(readFileSync(EARLY, 'utf8'), EARLY, { target: 'es2022' })
      this.emitFile({ type: 'asset', name: 'early.js', source: code.replaceAll(/^\s+|\/\*\*[\s\S]*?\*\//gm, '') })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const built = (pattern: RegExp) => {
          const name = Object.keys(context.bundle ?? {}).find(file => pattern.test(file))
          if (!name) throw new Error(`no built file matches ${pattern}, which the page's head must name`)
          return `./${name}`
        }
        const page = context.bundle?.[PAGE_CSS]
        if (page?.type !== 'asset') throw new Error(`${PAGE_CSS} was not built`)
        // Its name is fixed and it may be cached for good, so what changes is the query.
        const tag = createHash('sha256').update(page.source).digest('hex').slice(0, 8)
        return [
          { tag: 'script', attrs: { src: built(EARLY_BUILT) }, injectTo: 'head' },
          {
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: built(UI_FONT), crossorigin: true },
            injectTo: 'head',
          },
          {
            tag: 'noscript',
            children: [{ tag: 'link', attrs: { rel: 'stylesheet', href: `./${PAGE_CSS}?v=${tag}` } }],
            injectTo: 'head',
          },
        ]
      },
    },
  }
}
