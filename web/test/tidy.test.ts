import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Layers from the bottom; each imports only from itself and from those before it. */
const LAYERS = ['lib', 'api', 'ui', 'features', 'pages', 'app']
/** `ui` knows neither the API nor the router. */
const FORBIDDEN: Record<string, readonly string[]> = { ui: ['api'] }
const LINES_MAX: Record<string, number> = { tsx: 250, ts: 400 }

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name => /\.tsx?$/.test(name))
const code = sources.filter(name => !name.endsWith('.d.ts'))
const read = (name: string) => readFileSync(join('src', name), 'utf8')

const layerOf = (name: string) => name.split('/')[0] ?? ''
const featureOf = (name: string) => (layerOf(name) === 'features' ? name.split('/')[1] : undefined)

/** Files of ours that a file imports, from src/. */
function importsOf(name: string): string[] {
  const found = [...read(name).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)]
  return found.map(match => normalize(join(dirname(name), match[1] ?? '')))
}

describe('the source', () => {
  it('is found', () => expect(code.length).toBeGreaterThan(40))

  it.each(code)('%s imports one way', name => {
    const own = LAYERS.indexOf(layerOf(name))
    // early.ts and styles stand outside the layers.
    if (own < 0) return
    for (const target of importsOf(name)) {
      const layer = layerOf(target)
      if (!LAYERS.includes(layer)) continue
      expect(LAYERS.indexOf(layer), `${name} imports ${target}`).toBeLessThanOrEqual(own)
      expect(FORBIDDEN[layerOf(name)] ?? [], `${name} imports ${target}`).not.toContain(layer)
      if (featureOf(name) && featureOf(target))
        expect(featureOf(target), `${name} imports ${target}`).toBe(featureOf(name))
    }
  })

  it.each(code)('%s is short and casts nothing', name => {
    const text = read(name)
    const limit = LINES_MAX[name.split('.').pop() ?? ''] ?? 0
    // The words of the app are a list, not logic.
    if (!name.endsWith('lib/messages.ts')) expect(text.split('\n').length).toBeLessThanOrEqual(limit)
    const bare = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`|^import .*$|^export \{.*$/gm, '')
    expect(bare.match(/\bas (?!const\b)\w+/g) ?? []).toEqual([])
    expect(bare.match(/\bany\b/g) ?? []).toEqual([])
    expect(text).not.toMatch(/dangerouslySetInnerHTML|innerHTML/)
    expect(text).not.toMatch(/^export \* from/m)
  })

  it('exports a default from route modules alone', () => {
    const withDefault = code.filter(name => /^export default/m.test(read(name)))
    expect(withDefault.every(name => layerOf(name) === 'pages')).toBe(true)
  })
})
